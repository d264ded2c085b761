"""Small networks, sparse and standard, that the tests of refusals and of the checks under them share."""

import networks
import oracle
import test_layers

import sparsepixels_lib as sp
from sparsepixels_lib.network import probes
from sparsepixels_lib.network.models import QActivation, QDense

keras = sp.models.keras
W = {"kernel_quantizer": "quantized_bits(8,2,alpha=1)", "bias_quantizer": "quantized_bits(8,2,alpha=1)"}
IMAGES = probes.corner_images(6, 6, 1, 8)


def standard(*body, dense=W, name="standard"):
    image = x = keras.Input((6, 6, 1))
    for layer in (QActivation("quantized_relu(8,0)"), *body, keras.layers.Flatten(name="flat"), QDense(3, **dense)):
        x = layer(x)
    return randomized(keras.Model(image, x, name=name))


def sparse(dense=W, units=3, **conv):
    image = keras.Input((6, 6, 1), name="image")
    x, hash = sp.InputReduce(8, name="reduce")(image)
    x = QActivation("quantized_relu(8,2)", name="relu1")(sp.QConv2DSparse(2, 3, name="conv1", **conv)([x, hash]))
    x, hash = sp.AveragePooling2DSparse(2, (6, 6), name="pool1")([x, hash])
    x = QDense(18, name="dense1", **dense)(sp.SparseFlatten((3, 3), name="flatten")([x, hash]))
    x = QActivation("quantized_relu(8,2)", name="relu2")(x)
    return randomized(keras.Model(image, QDense(units, name="dense2", **dense)(x), name="sparse"))


def randomized(model, spread=0.7):
    test_layers.randomize(model, 1, spread)
    return model


def expected(model):
    return oracle.predict(networks.describe(model), IMAGES)
