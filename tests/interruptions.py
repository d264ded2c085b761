"""A function that is interrupted, as by Ctrl-C, in one of its calls."""


def interrupted(monkeypatch, module, name: str, at: int) -> list:
    """The first arguments of all calls of module.name, filled as they come; call `at` is interrupted."""
    function, calls = getattr(module, name), []

    def call(first, *arguments):
        calls.append(first)
        if len(calls) == at:
            raise KeyboardInterrupt
        return function(first, *arguments)

    monkeypatch.setattr(module, name, call)
    return calls
