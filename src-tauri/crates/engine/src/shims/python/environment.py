# What a run finds in its environment is written to where os.environ has its variables, and to where the C library has
# them only for those who look there: programs that are about to be started, and native modules. Writing it there takes
# longer than most of a short run, and glibc before 2.41 keeps every value that it was ever given.
_environ, _variables = os.environ, getattr(os.environ, "_data", None)
_plain = isinstance(_variables, dict) and sys.getfilesystemencoding() == "utf-8"
_untold = {}  # what the C library has not been told of
_native = False  # whether something is loaded that may ask it
_telling = 0  # how often it was told
_worn = False  # whether that was often enough for one process
_own_namespace = None


def _set_run_environment(header):
    global _own_namespace, _untold
    if _own_namespace is None:  # the function's own; a call from another namespace names that one
        _own_namespace = os.environ.get("__OW_NAMESPACE", "")
    values = {
        b"__OW_ACTIVATION_ID": header["id"].encode(),
        b"__OW_TRANSACTION_ID": header["transaction"].encode(),
        b"__OW_DEADLINE": b"%d" % header["deadline"],
        b"__OW_NAMESPACE": header.get("namespace", _own_namespace).encode(),
    }
    if "apiHost" in header:
        values[b"__OW_API_HOST"] = header["apiHost"].encode()
    _untold = values
    if _plain and os.environ is _environ:
        _variables.update(values)
    else:
        for name, value in values.items():
            os.environ[name.decode()] = value.decode()
    if not _plain or _native or "_ctypes" in sys.modules:  # which some interpreters have built in
        _tell()


def _tell():
    """Tells the C library what os.environ has of the run."""
    global _untold, _telling, _worn
    values, _untold = _untold, {}
    if not values:
        return
    if _plain:  # or else os.environ has done it
        for name, value in values.items():
            if _variables.get(name) == value:  # the function may have set it since, or deleted it
                os.putenv(name, value)
    _telling += 1
    _worn = _telling >= _setup["environments"]


def _told(function):
    """`function`, which starts a program in this process's environment."""

    @functools.wraps(function)
    def told(*args, **kwargs):
        _tell()
        return function(*args, **kwargs)

    return told


os.system, os.execv = _told(os.system), _told(os.execv)
_posixsubprocess.fork_exec = _told(_posixsubprocess.fork_exec)

_extensions = importlib.machinery.ExtensionFileLoader
_create_module = _extensions.create_module
_own_extensions = os.path.join(os.path.dirname(os.__file__), "lib-dynload", "")


def _create_native(self, spec):
    global _native
    if not _native and (spec.name == "_ctypes" or not str(spec.origin).startswith(_own_extensions)):
        _native = True
        _tell()
    return _create_module(self, spec)


_extensions.create_module = _create_native
