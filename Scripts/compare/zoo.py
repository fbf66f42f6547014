"""The architectures of the comparison: one per family of torchvision and timm, small variants, ten classes, random weights.

A row names the layer whose Grad-CAM is compared: a module, with ":1" where it returns several tensors and that is the one. The layout
says how the layer holds its map: BCHW, BHWC, or "tokens+1", [B, N, C] with one class token in front of the grid, row by row.
Non-square inputs, wherever an architecture takes them, tell height from width.
"""
import dataclasses

CLASSES = 10


@dataclasses.dataclass(frozen=True)
class Architecture:
    """One row of the table."""
    family: str
    name: str  # torchvision.NAME or timm.NAME
    size: tuple  # height, width
    layer: str
    layout: str = "BCHW"
    options: dict = dataclasses.field(default_factory=dict)
    task: str = "classification"  # or segmentation, detection
    note: str = ""
    # Added to the biases of batch normalisations: random networks this deep without shortcuts multiply rounding errors by thousands
    # unless their ReLUs pass most of what comes.
    shift: float = 0


def rows():
    wide = (64, 96)
    tiny = {"depth": 4, "embed_dim": 96, "num_heads": 3}
    return [
        Architecture("alexnet", "torchvision.alexnet", (224, 224), "features.11"),
        Architecture("vgg", "torchvision.vgg11_bn", (224, 224), "features.27"),
        Architecture("squeezenet", "torchvision.squeezenet1_0", wide, "features.12"),
        Architecture("googlenet", "torchvision.googlenet", wide, "inception4e", options={"aux_logits": False, "init_weights": False}),
        Architecture("inception v3", "timm.inception_v3", (112, 128), "Mixed_6e"),
        Architecture("inception v4", "timm.inception_v4", (112, 128), "features.17", shift=1),
        Architecture("inception-resnet", "timm.inception_resnet_v2", (112, 128), "repeat_1"),
        Architecture("xception", "timm.legacy_xception", wide, "block11"),
        Architecture("resnet", "timm.resnet18", wide, "layer4"),
        Architecture("resnet (bottleneck)", "torchvision.resnet50", wide, "layer3"),
        Architecture("resnet v2 (weight standardisation, GroupNorm)", "timm.resnetv2_50x1_bit", wide, "stages.2"),
        Architecture("resnext", "torchvision.resnext50_32x4d", wide, "layer3"),
        Architecture("wide-resnet", "torchvision.wide_resnet50_2", wide, "layer3"),
        Architecture("resnest", "timm.resnest14d", wide, "layer3"),
        Architecture("res2net", "timm.res2net50_26w_4s", wide, "layer3"),
        Architecture("senet", "timm.legacy_seresnet18", wide, "layer3"),
        Architecture("sknet", "timm.skresnet18", wide, "layer3"),
        Architecture("ecanet", "timm.ecaresnet26t", wide, "layer3"),
        Architecture("densenet", "timm.densenet121", wide, "features.denseblock4"),
        Architecture("dpn", "timm.dpn68", wide, "features.conv5_bn_ac"),
        Architecture("dla", "timm.dla34", wide, "level4"),
        Architecture("darknet", "timm.darknet53", wide, "stages.3"),
        Architecture("cspnet", "timm.cspresnet50", wide, "stages.2"),
        Architecture("cspnet (cs3darknet)", "timm.cs3darknet_s", wide, "stages.2"),
        Architecture("vovnet", "timm.ese_vovnet19b_dw", wide, "stages.2"),
        Architecture("hrnet", "timm.hrnet_w18_small", wide, "incre_modules.1"),
        Architecture("regnet x", "timm.regnetx_002", wide, "s3"),
        Architecture("regnet y", "timm.regnety_002", wide, "s3"),
        Architecture("regnet z", "timm.regnetz_005", wide, "s3"),
        Architecture("mobilenet v1", "timm.mobilenetv1_100", wide, "blocks.3"),
        Architecture("mobilenet v2", "torchvision.mobilenet_v2", wide, "features.18"),
        Architecture("mobilenet v3", "timm.mobilenetv3_small_050", wide, "blocks.3"),
        Architecture("mobilenet v4", "timm.mobilenetv4_conv_small_050", wide, "blocks.3"),
        Architecture("mobilenet v4 (hybrid)", "timm.mobilenetv4_hybrid_medium_075", (64, 96), "blocks.3"),
        Architecture("mnasnet", "timm.mnasnet_050", wide, "blocks.4"),
        Architecture("mixnet", "timm.mixnet_s", wide, "blocks.4"),
        Architecture("ghostnet", "timm.ghostnet_050", wide, "blocks.5"),
        Architecture("shufflenet", "torchvision.shufflenet_v2_x0_5", wide, "stage3"),
        Architecture("efficientnet", "timm.efficientnet_b0", wide, "blocks.4"),
        Architecture("efficientnet v2", "timm.tf_efficientnetv2_b0", wide, "blocks.4"),
        Architecture("efficientnet lite", "timm.tf_efficientnet_lite0", wide, "blocks.4"),
        Architecture("nfnet", "timm.nfnet_l0", wide, "stages.2"),
        Architecture("nf-regnet", "timm.nf_regnet_b0", wide, "stages.2"),
        Architecture("repvgg", "timm.repvgg_a0", wide, "stages.2"),
        Architecture("mobileone", "timm.mobileone_s0", wide, "stages.2"),
        Architecture("rexnet", "timm.rexnet_100", wide, "features.10"),
        Architecture("tresnet", "timm.tresnet_m", wide, "body.layer3"),
        Architecture("selecsls", "timm.selecsls42", wide, "features:0"),
        Architecture("hgnet", "timm.hgnetv2_b0", wide, "stages.2"),
        Architecture("starnet", "timm.starnet_s050", wide, "stages.2"),
        Architecture("convnext", "torchvision.convnext_tiny", wide, "features.5"),
        Architecture("convnext (timm)", "timm.convnext_atto", wide, "stages.2"),
        Architecture("convnext v2", "timm.convnextv2_atto", wide, "stages.2"),
        Architecture("inception-next", "timm.inception_next_atto", wide, "stages.2"),
        Architecture("mambaout", "timm.mambaout_femto", wide, "stages.2", "BHWC"),
        Architecture("convmixer", "timm.convmixer_1024_20_ks9_p14", (70, 98), "blocks.10"),
        Architecture("convmixer (ReLU)", "timm.convmixer_768_32", wide, "blocks.15"),
        Architecture("poolformer", "timm.poolformer_s12", wide, "stages.2"),
        Architecture("metaformer", "timm.caformer_s18", wide, "stages.2"),
        Architecture("focalnet", "timm.focalnet_tiny_srf", wide, "layers.2"),
        Architecture("mlp-mixer", "timm.mixer_s32_224", (224, 224), "blocks.6", "tokens"),
        Architecture("resmlp", "timm.resmlp_12_224", (64, 96), "blocks.10", "tokens"),
        Architecture("gmlp", "timm.gmlp_ti16_224", (64, 96), "blocks.20", "tokens"),
        Architecture("vit", "timm.vit_tiny_patch16_224", wide, "blocks.10", "tokens+1"),
        Architecture("vit (torchvision)", "torchvision.VisionTransformer", (64, 64), "encoder.layers.encoder_layer_4", "tokens+1",
                     {"image_size": 64, "patch_size": 8, "num_layers": 6, "num_heads": 4, "hidden_dim": 96, "mlp_dim": 192}),
        Architecture("vit (registers)", "timm.vit_small_patch14_reg4_dinov2", (56, 84), "blocks.2", "tokens+5", tiny),
        Architecture("vit (rotary)", "timm.vit_small_patch16_rope_224", wide, "blocks.2", "tokens+1", tiny),
        Architecture("deit", "timm.deit_tiny_distilled_patch16_224", wide, "blocks.10", "tokens+2"),
        Architecture("deit 3", "timm.deit3_small_patch16_224", wide, "blocks.2", "tokens+1", tiny),
        Architecture("beit", "timm.beit_base_patch16_224", wide, "blocks.2", "tokens+1", tiny),
        Architecture("eva", "timm.eva02_tiny_patch14_224", (56, 84), "blocks.2", "tokens+1", {"depth": 4}),
        Architecture("cait", "timm.cait_xxs24_224", wide, "blocks.23", "tokens"),
        Architecture("xcit", "timm.xcit_nano_12_p16_224", wide, "blocks.11", "tokens"),
        Architecture("swin", "timm.swin_tiny_patch4_window7_224", (224, 224), "layers.2", "BHWC"),
        Architecture("swin (torchvision)", "torchvision.swin_t", wide, "features.5", "BHWC"),
        Architecture("swin v2", "timm.swinv2_tiny_window8_256", (128, 128), "layers.2", "BHWC"),
        Architecture("maxvit", "timm.maxvit_nano_rw_256", wide, "stages.2"),
        Architecture("coatnet", "timm.coatnet_nano_rw_224", wide, "stages.2"),
        Architecture("mobilevit", "timm.mobilevit_xxs", wide, "stages.3"),
        Architecture("mobilevit v2", "timm.mobilevitv2_050", wide, "stages.3"),
        Architecture("edgenext", "timm.edgenext_xx_small", wide, "stages.2"),
        Architecture("efficientformer", "timm.efficientformer_l1", (224, 224), "stages.3", "tokens"),
        Architecture("efficientformer v2", "timm.efficientformerv2_s0", (224, 224), "stages.2"),
        Architecture("efficientvit", "timm.efficientvit_b0", wide, "stages.2"),
        Architecture("levit", "timm.levit_128s", (224, 224), "stages.1", "tokens"),
        Architecture("tnt", "timm.tnt_s_patch16_224", wide, "blocks.10:1", "tokens+1"),
        Architecture("pvt", "timm.pvt_v2_b0", wide, "stages.2"),
        Architecture("twins", "timm.twins_svt_small", wide, "blocks.2.9", "tokens"),
        Architecture("volo", "timm.volo_d1_224", wide, "network.4", "BHWC"),
        Architecture("davit", "timm.davit_tiny", wide, "stages.2"),
        Architecture("fastvit", "timm.fastvit_t8", wide, "stages.2"),
        Architecture("tiny-vit", "timm.tiny_vit_5m_224", (224, 224), "stages.2"),
        Architecture("repvit", "timm.repvit_m0_9", wide, "stages.2"),
        Architecture("nest", "timm.nest_tiny", (64, 64), "levels.1"),
        Architecture("pit", "timm.pit_ti_224", (224, 224), "transformers.1:0"),
        Architecture("crossvit", "timm.crossvit_tiny_240", (240, 240), "blocks.1:1", "tokens+1"),
        Architecture("convit", "timm.convit_tiny", (64, 64), "blocks.9", "tokens"),
        Architecture("coat", "timm.coat_tiny", wide, "parallel_blocks.4:3", "tokens+1"),
        Architecture("mvit v2", "timm.mvitv2_tiny", (224, 224), "stages.2:0", "tokens"),
        Architecture("visformer", "timm.visformer_tiny", (224, 224), "stage3"),
        Architecture("gcvit", "timm.gcvit_xxtiny", wide, "stages.2"),
        Architecture("hiera", "timm.hiera_tiny_224", (224, 224), "blocks.11", "tokens"),
        Architecture("botnet", "timm.botnet26t_256", wide, "stages.2"),
        Architecture("lambda", "timm.lambda_resnet26t", wide, "stages.2"),
        Architecture("segmentation: fcn", "torchvision.segmentation.fcn_resnet50", wide, "model.backbone.layer4", task="segmentation"),
        Architecture("segmentation: deeplab v3", "torchvision.segmentation.deeplabv3_mobilenet_v3_large", wide, "model.backbone.16",
                     task="segmentation"),
        Architecture("segmentation: lraspp", "torchvision.segmentation.lraspp_mobilenet_v3_large", wide, "model.backbone.16",
                     task="segmentation"),
        Architecture("detection: ssdlite", "torchvision.detection.ssdlite320_mobilenet_v3_large", (128, 128), "backbone.features.0",
                     task="detection", note="raw heads, before boxes are decoded"),
        Architecture("detection: retinanet", "torchvision.detection.retinanet_resnet50_fpn", wide, "backbone.body.layer3",
                     task="detection", note="raw heads, before boxes are decoded"),
    ]


ARCHITECTURES = {row.name.split(".", 1)[1].replace("segmentation.", "").replace("detection.", ""): row for row in rows()}
