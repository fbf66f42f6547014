"""PyTorch's two ONNX exporters under one signature."""
import torch

EXPORTERS = ["dynamo", "torchscript"]


def export(model, inputs, path, exporter, input_names, output_names, external_data=True):
    """Writes `path`; the newer exporter fixes the batch at 1, the older one leaves it open."""
    names = {"input_names": input_names, "output_names": output_names}
    if exporter == "dynamo":
        first = tuple(one[:1] for one in inputs)
        torch.onnx.export(model, first, path, dynamo=True, external_data=external_data, verbose=False, **names)
    else:
        axes = {name: {0: "batch"} for name in [*input_names, *output_names]}
        torch.onnx.export(model, tuple(inputs), path, dynamo=False, dynamic_axes=axes, **names)
