# The function, from its folder or file.

class Context:
    """The second argument, as DigitalOcean passes it to functions that take two."""

    def __init__(self, header):
        self.function_name = self.functionName = _setup["functionName"]
        self.function_version = self.functionVersion = _setup["functionVersion"]
        self.activation_id = self.activationId = header["id"]
        self.request_id = self.requestId = header["transaction"]
        self.deadline = header["deadline"]
        self.api_host = self.apiHost = header.get("apiHost") or ""
        self.namespace = _setup["namespace"]

    def get_remaining_time_in_millis(self):
        return max(0, self.deadline - int(time.time() * 1000))

    getRemainingTimeInMillis = get_remaining_time_in_millis


def _arity(function):
    """How many of (args, context) the function takes by position."""
    try:
        parameters = inspect.signature(function).parameters.values()
    except (TypeError, ValueError):
        return 1
    count = 0
    for parameter in parameters:
        if parameter.kind is parameter.VAR_POSITIONAL:
            return 2
        if parameter.kind in (parameter.POSITIONAL_ONLY, parameter.POSITIONAL_OR_KEYWORD):
            count += 1
    return min(count, 2)


_setup = {}
_defaults = ""
_handler = None
_takes = 1
_loop = None


def _add_packages(folder):
    """Libraries that the package brings along: OpenWhisk's `virtualenv`, Scaleway's `package`."""
    libraries = os.path.join(folder, "virtualenv", "lib")
    found = []
    if os.path.isdir(libraries):
        found = [os.path.join(libraries, version, "site-packages") for version in sorted(os.listdir(libraries))]
    found.append(os.path.join(folder, "package"))
    for packages in found:
        if os.path.isdir(packages):
            import site

            before = list(sys.path)
            site.addsitedir(packages)
            added = [entry for entry in sys.path if entry not in before]
            sys.path[:] = [folder] + added + [entry for entry in before if entry != folder]


_USUAL = {
    "openwhisk": ("__main__",),
    "spaces": ("handler", "main", "__main__"),
    "fn": ("func",),
}


def _find(folder, contract, main):
    """The file of a package's entry point, as a path below the folder without its ending, and the function's name."""
    file, dot, name = main.rpartition(".")
    # `file.function`, `folder/file.function`, `folder.file.function`; but `Class.method` is of the usual file.
    for path in (file, file.replace(".", "/")) if dot else ():
        path = os.path.normpath(path)
        if not path.startswith("..") and os.path.isfile(os.path.join(folder, path + ".py")):
            return path, name
    usual = _USUAL.get(contract, ("handler", "function/handler", "main", "__main__"))
    for path in usual:
        if os.path.isfile(os.path.join(folder, path + ".py")):
            return path, name if contract != "openwhisk" else main
    return usual[0], name


def _load(header):
    folder, main, contract = header["code"], header["main"], header["contract"]
    sys.path.insert(0, folder)
    if header["folder"]:
        _add_packages(folder)
        path, entry = _find(folder, contract, main)
    else:
        # `file.function` names the one file there is.
        path, entry = "main__", main if contract == "openwhisk" else main.rpartition(".")[2]
    parts = path.split("/")
    module_name = "main__"
    if header["folder"] and contract != "openwhisk" and all(part.isidentifier() for part in parts):
        # What it imports relatively is found, and what imports it by name gets this very module.
        module_name = ".".join(parts)
        module = importlib.import_module(module_name)
    else:
        spec = importlib.util.spec_from_file_location(module_name, os.path.join(folder, path + ".py"))
        module = importlib.util.module_from_spec(spec)
        sys.modules[module_name] = module
        spec.loader.exec_module(module)
    function = module
    for part in entry.split("."):
        function = getattr(function, part)
    if not callable(function):
        raise TypeError("'%s' is not a function" % main)
    return function


def _init(header, body):
    global _setup, _defaults, _handler, _takes, _current, _call, _shared
    if "env" in header:  # this interpreter was started before it had a function
        os.environ.clear()
        os.environ.update(header.pop("env"))
    _setup, _defaults = header, body.decode() if len(body) > 2 else ""
    os.chdir(header["scratch"])
    _set_run_environment(header["run"])
    _current = Run(header["run"])
    try:
        _handler = _load(header)
        _takes = _arity(_handler)
        _call = _contract(header["contract"])
    except Exception as error:
        _print_exception(error)
        _flush()
        _send_header(ERROR, {"message": "Cannot start action. Check logs for details."})
        return
    _flush()
    _current = None
    if header.get("runs", 1) > 1:
        _shared = True
        _share_streams()
    _send(READY, b"{}")
