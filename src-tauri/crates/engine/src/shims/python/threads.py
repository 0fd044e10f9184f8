# Several runs at a time, on threads.

_reading = threading.Lock()  # whose turn it is to read; held from one frame to the next while calls are quick
_idle = 0  # threads that wait for their turn
_threads = 1
_most = 1

# Handing the reading to another thread takes longer than a quick call, so that the thread that reads makes quick calls
# itself and reads on after them. One that waits for something is found by the watch, which gives the reading to another
# thread; the calls that follow are made while another thread reads, for a while, and twice as long each time unless many
# quick ones were between. The same where too many calls take long without waiting long enough to be found.
QUICK = 0.0003  # seconds; more can also mean that the machine has other things to do
TICK = 0.001
LONG = 0.008  # seconds after which a call that only computes is taken for a slow one, too
FEWEST, FURTHEST = 64, 4096
_turns = threading.Lock()  # for what follows; nothing that could print or wait is done with it
_eager = 0  # how many calls are still to be made with another thread reading
_next_eager = FEWEST // 2  # how many there were the last time
_in_a_row = 0  # calls since the reading was last given away
_slow = 0  # eight for each slow call, less one for each quick one
_turn = 0
_held = 0  # the turn in which a call is made with the reading in hand, or 0
_holder = -1  # what the kernel says of the thread that has the reading
_awake = threading.Event()
_pread = os.pread


def _be_eager():
    global _eager, _next_eager, _in_a_row, _slow
    _eager = _next_eager = FEWEST if _in_a_row >= FEWEST else min(2 * _next_eager, FURTHEST)
    _in_a_row = _slow = 0


def _waits(stat):
    """Whether a thread waits for something: one that does not may just not have had its turn."""
    try:
        return _pread(stat, 1024, 0).rpartition(b")")[2].lstrip()[:1] != b"R"
    except OSError:
        return True


def _watch():
    """Takes the reading from a thread whose call has been seen twice and waits for something, or lasts long."""
    global _held, _threads
    seen = turn = calm = since = 0
    while True:
        _awake.wait()
        time.sleep(TICK)
        calm = 0 if _turn != turn else calm + 1
        turn, held = _turn, _held
        if held == 0 or held != seen:
            seen, since = held, _clock()
            if calm > 2 and not held:
                _awake.clear()
                if _held:  # since it was looked at
                    _awake.set()
            continue
        if _clock() - since < LONG and not _waits(_holder):
            continue
        more = False
        with _turns:
            if _held == held:
                _held = 0
                _be_eager()
                more = _one_more()
                _reading.release()
        if more:
            _start_thread()


def _one_more():
    """Whether another thread is needed, for none waits for its turn. To be called with the lock."""
    global _threads
    if _idle or _threads >= _most:
        return False
    _threads += 1
    return True


def _start_thread():
    global _threads
    try:
        # A context of its own, or else it would begin in this one's run.
        contextvars.Context().run(threading.Thread(target=_take_turns, name="run", daemon=True).start)
    except Exception:  # there is no room for another: those that there are do it
        with _turns:
            _threads -= 1


def _lead():
    """Reads and calls. Returns a call that is to be made while another thread reads, or nothing when the reading was
    taken away."""
    global _turn, _held, _in_a_row, _slow
    while True:
        _, header, body = _next_frame()
        if _eager:
            return header, body
        mine = _turn = _turn + 1
        _held = mine
        if not _awake.is_set():
            _awake.set()
        began = _clock()
        contextvars.Context().run(_run_beside_others, header, body)
        with _turns:
            if _held != mine:
                return None
            _held = 0
            _in_a_row += 1
            if _clock() - began > QUICK:
                _slow += 8
                if _slow > 24:
                    _be_eager()
            elif _slow:
                _slow -= 1


def _take_turns():
    global _idle, _eager, _holder
    try:
        this = os.open("/proc/thread-self/stat", os.O_RDONLY)
    except OSError:
        this = -1
    while True:
        with _turns:
            _idle += 1
        _reading.acquire()
        with _turns:
            _idle -= 1
            _holder = this
        try:
            call = _lead()
        except BaseException:  # nobody would read any more
            os._exit(70)
        if call is None:
            continue
        with _turns:
            _eager -= 1
            more = _one_more()
        _reading.release()
        if more:
            _start_thread()
        contextvars.Context().run(_run_beside_others, *call)


def _serve_on_threads(most):
    global _most
    _most = most
    threading.Thread(target=_watch, name="watch", daemon=True).start()
    _take_turns()
