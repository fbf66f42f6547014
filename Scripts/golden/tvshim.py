"""Import before torchvision beside a CPU build of torch: declares the compiled operators that torchvision's import looks up."""
import torch

library = torch.library.Library("torchvision", "DEF")
for operator in ("nms", "qnms"):
    library.define(f"{operator}(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
