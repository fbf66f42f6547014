"""Makes golden files small (shorter significands, no exporter metadata) and puts them where the tests read them."""
import numpy as np
import onnx

SIGNIFICANT_BITS = 12


def shortened(array):
    """float32 with the significand rounded to 12 bits (relative error 2^-13), so that the file compresses."""
    fraction, exponent = np.frexp(np.asarray(array, dtype=np.float64))
    return np.ldexp(np.round(np.ldexp(fraction, SIGNIFICANT_BITS)), exponent - SIGNIFICANT_BITS).astype(np.float32)


def strip_metadata(path, kept_keys):
    """Drops what the exporter says about nodes; tensors beside the model stay where they are."""
    model = onnx.load(path, load_external_data=False)
    items = [*model.graph.node, *model.graph.value_info, *model.graph.initializer, *model.graph.input, *model.graph.output,
             *model.functions, model.graph, model]
    for item in items:
        kept = [entry for entry in item.metadata_props if entry.key in kept_keys]
        del item.metadata_props[:]
        item.metadata_props.extend(kept)
        item.ClearField("doc_string")
    path.write_bytes(model.SerializeToString())
    onnx.checker.check_model(path)


def publish(folder, destination):
    """Copies the finished files of a folder to where the tests read them, and prints their sizes."""
    destination.mkdir(parents=True, exist_ok=True)
    total = 0
    for path in sorted(folder.iterdir()):
        (destination / path.name).write_bytes(path.read_bytes())
        total += path.stat().st_size
        print(f"{path.stat().st_size:8d} {path.name}")
    print(f"{total:8d} in all")
