"""Our convolutions, written in PyTorch as src/ops/convolution.rs has them: on rows of positions times channels, channels last, as
traces hold them."""

import math

import torch.nn.functional as F


def are_there(s):
    return s.get("network") == "conv"


def stride(s, l):
    """Of layer l: 2 where a later stage begins."""
    stage = lambda layer: (layer - 1) * s["network.stages"] // s["depth"]
    return 2 if l > 1 and stage(l) > stage(l - 1) else 1


def flat(images):
    return images.permute(0, 2, 3, 1).flatten(1)


def images(h, channels):
    side = math.isqrt(h.shape[1] // channels)
    return h.view(len(h), side, side, channels).permute(0, 3, 1, 2)


def convolve(s, h, weight, l):
    """With a weight [kernel, kernel, inputs, outputs]."""
    reach = weight.shape[0] // 2
    padding = {"zero": "constant", "circular": "circular"}[s["network.padding"]]
    padded = F.pad(images(h, weight.shape[2]), [reach] * 4, mode=padding)
    return flat(F.conv2d(padded, weight.permute(3, 2, 0, 1), stride=stride(s, l)))


def passed_by(s, h, l):
    """What a skip connection hands on past layer l."""
    step = stride(s, l) if are_there(s) else 1
    return h if step == 1 else flat(images(h, s["network.channels"])[:, :, ::step, ::step])
