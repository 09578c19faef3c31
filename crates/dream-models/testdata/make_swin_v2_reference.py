"""Writes swin_v2_padded.safetensors: a Swin-V2 of timm whose grids need padding on both axes, with odd sides before the
merging of patches, clamped windows and windows that are not square. Weights and frames are random numbers.

Run with torch 2.15.0, timm 1.0.31 and safetensors 0.8.0 from this folder.
"""

import torch
from safetensors.torch import save_file
from timm.models.swin_transformer_v2 import SwinTransformerV2

CONFIG = dict(
    img_size=(56, 40), patch_size=4, embed_dim=8, depths=(1, 1, 1), num_heads=(2, 2, 4),
    window_size=(4, 6), pretrained_window_sizes=(6, 0, 3), num_classes=0,
)

torch.manual_seed(7)
model = SwinTransformerV2(**CONFIG).eval()
for name, p in model.named_parameters():
    with torch.no_grad():
        if "norm" in name and name.endswith("weight"):
            p.copy_(torch.rand_like(p) + 0.5)
        elif "logit_scale" in name:
            p.copy_(torch.rand_like(p) * 2 + 1)
        else:
            p.copy_(torch.randn_like(p) * 0.2)

x = torch.randn(2, 3, *CONFIG["img_size"], generator=torch.Generator().manual_seed(3)).requires_grad_(True)
stages = {}
for i, layer in enumerate(model.layers):
    layer.register_forward_hook(lambda module, args, out, i=i: stages.__setitem__(f"out.stage{i}", out))
pooled = model.forward_head(model.forward_features(x), pre_logits=True)
probe = torch.randn(pooled.shape[1], generator=torch.Generator().manual_seed(5))
score = (pooled * probe).sum(1)
loss = ((score - torch.arange(1, 3)) ** 2).mean()
loss.backward()

out = {f"weight.{n}": p for n, p in model.named_parameters()}
# Without the largest matrices of the position network, to keep the file small.
out |= {f"grad.{n}": p.grad for n, p in model.named_parameters() if "cpb_mlp.0" not in n}
out |= {"input": x, "probe": probe, "grad.input": x.grad, "out.pooled": pooled, "out.score": score}
out |= {"out.loss": loss.reshape(1)} | stages
save_file({k: v.detach().contiguous().clone() for k, v in out.items()}, "swin_v2_padded.safetensors")
