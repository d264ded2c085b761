"""Netlists in Yosys' JSON form, small enough to follow with a pencil. Bits are whole numbers, constants "0" and "1"."""


def cell(kind, inputs, outputs, **parameters):
    """A cell: {port: bits}."""
    return {
        "type": kind,
        "parameters": parameters,
        "port_directions": dict.fromkeys(inputs, "input") | dict.fromkeys(outputs, "output"),
        "connections": inputs | outputs,
    }


def module(inputs, outputs, cells, **nets):
    """A module with ports and nets {name: bits}."""
    ports = {name: {"direction": "input", "bits": bits} for name, bits in inputs.items()}
    ports |= {name: {"direction": "output", "bits": bits} for name, bits in outputs.items()}
    used = {bit for item in cells.values() for bits in item["connections"].values() for bit in bits}
    names = inputs | outputs | nets | {f"n{bit}": [bit] for bit in used if isinstance(bit, int)}
    netnames = {name: {"hide_name": int(name[1:].isdigit()), "bits": bits} for name, bits in names.items()}
    return {"ports": ports, "cells": cells, "netnames": netnames}


def lut(inputs, output):
    return cell(f"LUT{len(inputs)}", {f"I{i}": [bit] for i, bit in enumerate(inputs)}, {"O": [output]})


def flop(data, out, enable="1", reset="0"):
    return cell("FDRE", {"C": [1], "D": [data], "CE": [enable], "R": [reset]}, {"Q": [out]})


def carry(low, adds, total, carries, data=("0",) * 4):
    """A CARRY4 after the carry `low`: its S are `adds`, its DI `data`, its O `total` and its CO `carries`."""
    return cell("CARRY4", {"CI": [low], "CYINIT": ["0"], "DI": [*data], "S": adds}, {"O": total, "CO": carries})


def dsp(a, c, p, **registers):
    """A DSP with no registers but those that are named: AREG=1."""
    names = ["AREG", "BREG", "CREG", "MREG", "PREG"]
    parameters = {name: f"{registers.get(name, 0):032b}" for name in names}
    return cell("DSP48E2", {"A": [a], "C": [c]}, {"P": [p]}, **parameters)
