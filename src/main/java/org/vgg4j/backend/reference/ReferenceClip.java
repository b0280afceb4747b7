package org.vgg4j.backend.reference;

import org.vgg4j.tensor.Arena;
import org.vgg4j.tensor.ClipPlan;

/**
 * The limit of the gradients' norm.
 *
 * <p>Source: PyTorch {@code torch.nn.utils.clip_grad_norm_}.
 */
final class ReferenceClip extends ReferencePlan implements ClipPlan {
  private final double most;
  private final ReferenceArena gradients;

  ReferenceClip(double most, Arena gradients) {
    super("clipping");
    this.most = most;
    this.gradients = ReferenceArena.of("clipping", "gradients", gradients);
  }

  @Override
  public void run() {
    checkOpen();
    double[] gs = gradients.values();
    double squares = 0;
    for (double g : gs) {
      squares += g * g;
    }
    double factor = ClipPlan.factor(squares, most);
    for (int i = 0; i < gs.length; i++) {
      gs[i] *= factor;
    }
  }
}
