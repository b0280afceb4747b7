package org.vgg4j.benchmarks;

import java.util.List;
import java.util.function.Function;
import org.bytedeco.pytorch.Adam;
import org.bytedeco.pytorch.AdamOptions;
import org.bytedeco.pytorch.Optimizer;
import org.bytedeco.pytorch.SGD;
import org.bytedeco.pytorch.SGDOptions;
import org.bytedeco.pytorch.TensorVector;

/**
 * One of libtorch's optimizers with its settings.
 *
 * @param name what its tensors' names start with
 * @param settings for people
 * @param moments what libtorch calls the tensors that it keeps for each parameter
 */
record Training(
    String name,
    String settings,
    List<String> moments,
    Function<TensorVector, Optimizer> optimizer) {
  static final Training ADAM = adam("adam", 1e-2, 0);
  static final Training ADAM_DECAY = adam("adam_decay", 1e-2, 1e-2);
  static final Training SGD_DECAY = sgd("sgd", 1e-2, 0.9, 1e-2);

  private static Training adam(String name, double rate, double decay) {
    String settings = "lr=%s, betas=(0.9, 0.999), eps=1e-8, weight_decay=%s".formatted(rate, decay);
    return new Training(
        name,
        "torch::optim::Adam: " + settings,
        List.of("exp_avg", "exp_avg_sq"),
        parameters -> {
          AdamOptions options = new AdamOptions(rate); // the betas and eps are its defaults
          options.weight_decay().put(decay);
          return new Adam(parameters, options);
        });
  }

  private static Training sgd(String name, double rate, double momentum, double decay) {
    String settings = "lr=%s, momentum=%s, weight_decay=%s".formatted(rate, momentum, decay);
    return new Training(
        name,
        "torch::optim::SGD: " + settings,
        List.of("momentum_buffer"),
        parameters -> {
          SGDOptions options = new SGDOptions(rate);
          options.momentum().put(momentum);
          options.weight_decay().put(decay);
          return new SGD(parameters, options);
        });
  }
}
