package org.vgg4j.benchmarks;

import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.Map;
import org.bytedeco.pytorch.Optimizer;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;

/** The steps of one training, each on the same batch. */
final class Trajectory {
  static final int STEPS = 10;

  private Trajectory() {}

  /**
   * Trains a net and returns what there is after each step: {@code adam.3.loss} (the one that step
   * 3 computed its gradients of), {@code adam.3.features.0.weight}, {@code
   * adam.3.features.1.running_mean}, {@code adam.3.exp_avg.features.0.weight}.
   */
  static Map<String, Tensor> run(
      TorchNet net, Tensor x, Tensor labels, Training training, Margins margins)
      throws IOException {
    Optimizer optimizer = training.optimizer().apply(net.parameterVector());
    Map<String, Tensor> states = new LinkedHashMap<>();
    for (int step = 1; step <= STEPS; step++) {
      optimizer.zero_grad();
      Tensor loss = torch.cross_entropy_loss(net.forward(x, true, margins::seeInput), labels);
      loss.backward();
      optimizer.step();
      String prefix = training.name() + "." + step + ".";
      states.put(prefix + "loss", loss.detach());
      net.snapshot().forEach((name, tensor) -> states.put(prefix + name, tensor));
      OptimizerMoments.of(optimizer, net.parameters(), training.moments())
          .forEach(
              (name, tensor) -> {
                states.put(prefix + name, tensor);
                if (name.startsWith("exp_avg_sq.")) {
                  margins.seeSecondMoment(tensor);
                }
              });
    }
    return states;
  }
}
