/// The Python side of the `main(input)` convention.
enum PythonCall {
    /// Loads the file that its argument names, calls `main` if there is one, and writes what it returned as the output.
    /// Tracebacks begin in the user's file. The output appears whole or not at all.
    static let source = #"""
        import json, os, sys, traceback, types

        def call(path):
            with open(path, encoding="utf-8") as file:
                source = file.read()
            module = types.ModuleType("beamline_task")
            module.__file__ = path
            sys.modules[module.__name__] = module
            with open(os.environ["BEAMLINE_INPUT"], encoding="utf-8") as file:
                value = json.load(file)
            try:
                exec(compile(source, path, "exec"), module.__dict__)
                main = module.__dict__.get("main")
                result = main(value) if callable(main) else None
            except SystemExit:
                raise
            except BaseException as error:
                traceback.print_exception(type(error), error, error.__traceback__.tb_next)
                sys.exit(1)
            if result is None and not callable(main):
                return
            try:
                text = json.dumps(result, allow_nan=False)
            except (TypeError, ValueError) as error:
                sys.exit(f"main(input) returned what JSON cannot hold: {error}")
            target = os.environ["BEAMLINE_OUTPUT"]
            with open(target + ".part", "w", encoding="utf-8") as file:
                file.write(text)
            os.replace(target + ".part", target)

        sys.path[0] = os.path.dirname(os.path.abspath(sys.argv[1]))
        call(sys.argv[1])
        """#
}
