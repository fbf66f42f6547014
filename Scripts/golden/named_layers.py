"""A module's output inside a running network as a map, whatever its layout, and the explanations that belong to it."""
import torch


def layer_output(model, layer, *inputs):
    """The model's outputs, and what the layer put out (as it is: BHWC and tokens too); "module:1" is one of several tensors."""
    path, _, index = layer.partition(":")
    found = []

    def keep(module, arguments, output):
        # What follows sees a copy, so that an operation in place cannot change what is kept.
        several = not torch.is_tensor(output)
        kept = (list(output.values()) if isinstance(output, dict) else output)[int(index or 0)] if several else output
        found.append(kept)
        return None if several or not kept.requires_grad else kept.clone()

    hook = model.get_submodule(path).register_forward_hook(keep)
    try:
        outputs = model(*inputs)
    finally:
        hook.remove()
    return outputs if isinstance(outputs, tuple) else (outputs,), found[0]


def channels_first(a, layout, size):
    """[B, C, H, W] of a layer's output in the layout BCHW, BHWC or tokens+N: N class tokens in front of the grid, row by row."""
    if layout == "BCHW":
        return a
    if layout == "BHWC":
        return a.movedim(3, 1)
    tokens = a[:, int(layout.partition("+")[2] or 0):]
    rows = round((tokens.shape[1] * size[0] / size[1]) ** 0.5)
    return tokens.unflatten(1, (rows, tokens.shape[1] // rows)).movedim(3, 1)


def attribution(model, layer, layout, score, x, *others):
    """S, dS/dx, and the raw Grad-CAM map sum_k mean_ij(G_k) A_k, in the precision of the model; then its outputs and the layer's."""
    dtype = next(parameter.dtype for parameter in model.parameters() if parameter.is_floating_point())
    x = x.detach().clone().to(dtype).requires_grad_(True)
    outputs, a = layer_output(model, layer, x, *[other.to(dtype) for other in others])
    s = score(outputs)
    gradient, layer_gradient = torch.autograd.grad(s.sum(), [x, a])
    maps, slopes = (channels_first(one, layout, x.shape[2:]) for one in (a, layer_gradient))
    map = (slopes.mean((2, 3), keepdim=True) * maps).sum(1)
    results = {"score": s.detach().numpy(), "gradient": gradient.numpy(), "gradcam": map.detach().numpy()}
    return results, [output.detach().numpy() for output in outputs], a.detach().numpy()
