"""Import TensorFlow once, quietly, with legacy Keras (tf_keras): QKeras and hls4ml 1.3 know no other.

Raises RuntimeError when TensorFlow was imported before this package with Keras 3 inside.
"""

import contextlib
import os
import sys
import tempfile
import warnings


@contextlib.contextmanager
def _quiet_stderr():
    """TensorFlow's start-up noise comes from C++, so only the file descriptor itself can be silenced."""
    sys.stderr.flush()
    saved = os.dup(2)
    with tempfile.TemporaryFile() as sink:
        os.dup2(sink.fileno(), 2)
        try:
            yield
        finally:
            os.dup2(saved, 2)
            os.close(saved)


os.environ["TF_USE_LEGACY_KERAS"] = "1"  # read by TensorFlow at its first import, and never again
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
with _quiet_stderr():
    import hls4ml  # noqa: F401
    import qkeras.utils
    import tensorflow as tf

# QKeras gives its quantizers as weight constraints, which saves and loads well in spite of what Keras says
warnings.filterwarnings("ignore", message=".*constraints.serialize.*")

if not tf.keras.Model.__module__.startswith("tf_keras"):
    raise RuntimeError(
        "TensorFlow was imported before sparsepixels_lib and has bound itself to Keras 3, which QKeras cannot use. "
        "Restart the kernel and import sparsepixels_lib before tensorflow "
        "(or set the environment variable TF_USE_LEGACY_KERAS=1)."
    )

# so that tf.keras.models.load_model knows QKeras' layers and quantizers as it knows ours
qkeras.utils._add_supported_quantized_objects(tf.keras.utils.get_custom_objects())


def refuse_keras_3(*things) -> None:
    """Raises TypeError if one of `things` (models, layers, tensors) belongs to Keras 3, which QKeras cannot use."""
    for thing in tf.nest.flatten(things):
        if any(cls.__module__.split(".")[0] == "keras" for cls in type(thing).__mro__):
            raise TypeError(
                f"{getattr(thing, 'name', thing)!r} is of Keras 3 (`import keras`): use tf.keras, which is legacy "
                "Keras once sparsepixels_lib is imported (`import tensorflow as tf; keras = tf.keras`)."
            )


def require_float32(policy, name: str) -> None:
    """Raises ValueError unless the dtype `policy` of what is called `name` is float32, in which it is defined."""
    if policy.name != "float32":
        raise ValueError(
            f"{name} would compute in {policy.name}, but its numbers are defined for float32: call "
            "tf.keras.mixed_precision.set_global_policy('float32') and build the network again."
        )
