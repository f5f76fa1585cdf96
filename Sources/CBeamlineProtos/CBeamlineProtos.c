#include "CBeamlineProtos.h"
