"""What `gaze explain` does, as a PyTorch user writes it: checkpoint, photograph, Grad-CAM for the top class, overlay, raw map, JSON.

Started by cold_explain.py; `--by autograd` replaces pytorch-grad-cam by torch.autograd.grad and imports nothing that it does not need.
"""
import argparse
import json
import pathlib
import sys

import numpy as np
import torch
from PIL import Image

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "Scripts/golden"))
import tvshim
from torchvision import transforms
from torchvision.models import resnet50

SIDE = 224


def by_grad_cam(model, x, pixels):
    from pytorch_grad_cam import GradCAM
    from pytorch_grad_cam.utils.image import show_cam_on_image
    from pytorch_grad_cam.utils.model_targets import ClassifierOutputTarget

    with torch.no_grad():
        logits = model(x)[0]
    with GradCAM(model=model, target_layers=[model.layer4[-1]]) as cam:
        map = cam(input_tensor=x, targets=[ClassifierOutputTarget(int(logits.argmax()))])[0]
    return logits, map, show_cam_on_image(pixels, map, use_rgb=True)


def by_autograd(model, x, pixels):
    model.requires_grad_(False)
    with torch.no_grad():
        a = model.maxpool(model.relu(model.bn1(model.conv1(x))))
        a = model.layer4(model.layer3(model.layer2(model.layer1(a))))
    a.requires_grad_(True)
    logits = model.fc(model.avgpool(a).flatten(1))[0]
    (gradient,) = torch.autograd.grad(logits.max(), a)
    raw = (gradient.mean((2, 3), keepdim=True) * a.detach()).sum(1)[0]
    shown = np.asarray(Image.fromarray(raw.clamp(min=0).numpy()).resize((SIDE, SIDE), Image.Resampling.BILINEAR))
    shown = shown / max(shown.max(), 1e-12)
    heat = np.clip(1.5 - np.abs(4 * shown[..., None] - np.array([3.0, 2.0, 1.0])), 0, 1)
    return logits.detach(), raw.numpy(), np.uint8(255 * (0.5 * heat + 0.5 * pixels))


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("checkpoint")
    parser.add_argument("image")
    parser.add_argument("output", type=pathlib.Path)
    parser.add_argument("--by", choices=["grad-cam", "autograd"], default="grad-cam")
    parser.add_argument("--threads", type=int, default=2)
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    with torch.device("meta"):
        model = resnet50()
    model.load_state_dict(torch.load(arguments.checkpoint, weights_only=True), assign=True)
    model.eval()
    crop = transforms.Compose([transforms.Resize(256), transforms.CenterCrop(SIDE)])(Image.open(arguments.image).convert("RGB"))
    x = transforms.ToTensor()(crop)
    pixels = x.permute(1, 2, 0).numpy()
    x = transforms.Normalize([0.485, 0.456, 0.406], [0.229, 0.224, 0.225])(x)[None]
    logits, map, overlay = (by_grad_cam if arguments.by == "grad-cam" else by_autograd)(model, x, pixels)
    arguments.output.mkdir(parents=True, exist_ok=True)
    Image.fromarray(overlay).save(arguments.output / "overlay.png")
    np.save(arguments.output / "map.npy", map)
    probabilities, classes = logits.softmax(0).topk(5)
    top = [{"index": int(index), "probability": float(value)} for value, index in zip(probabilities, classes)]
    (arguments.output / "result.json").write_text(json.dumps({"top": top}))


if __name__ == "__main__":
    main()
