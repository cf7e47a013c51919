"""What training makes small."""

import torch
from torch.nn import functional


def arcface(
    habits: torch.Tensor, centres: torch.Tensor, users: torch.Tensor, margin: float, scale: float
) -> torch.Tensor:
    """Return the mean loss of `habits` [N, D], length 1, whose `users` [N] count `centres` [U, D].

    The angle to the own user's centre must be smaller than to all others by `margin` radians.
    Source: Deng et al., "ArcFace: Additive Angular Margin Loss", CVPR 2019, equation 3.
    """
    # The arc cosine has no slope at 1.
    cosines = (habits @ functional.normalize(centres, dim=1).T).clamp(-0.999, 0.999)
    farther = torch.cos((torch.acos(cosines) + margin).clamp(max=torch.pi))
    own = functional.one_hot(users, len(centres)).bool()
    return functional.cross_entropy(scale * torch.where(own, farther, cosines), users)


def same_user(
    cosines: torch.Tensor, same: torch.Tensor, counted: torch.Tensor, slope: float, middle: float
) -> torch.Tensor:
    """Return the loss of telling pairs apart: logistic in their cosine, 0 at `middle`.

    `cosines`, `same`, `counted` (boolean) of one shape. Pairs of one user and of two weigh the
    same together, however many they are. Source: the Siamese network of Koch et al., "One-shot
    Image Recognition", ICML 2015, section 3.2, with a cosine for their weighted L1 distance.
    """
    wrong = functional.softplus(slope * torch.where(same, middle - cosines, cosines - middle))
    return wrong[same & counted].mean() + wrong[~same & counted].mean()
