"""Lets the tests import Benchmarks/peers, which needs nothing but the standard library for what is tested here."""

import os
import sys

PEERS = os.path.join(os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))), "Benchmarks", "peers")
sys.path.insert(0, PEERS)
