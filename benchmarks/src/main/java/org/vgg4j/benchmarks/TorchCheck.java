package org.vgg4j.benchmarks;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Map;
import java.util.function.Function;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.MemoryFormat;
import org.bytedeco.pytorch.global.torch.ScalarType;

/**
 * Compares vgg4j's first step with libtorch's from the same weights: both with libtorch's in double
 * precision.
 */
final class TorchCheck {
  private final VggSpec spec;
  private final Map<String, Tensor> file;

  private TorchCheck(VggSpec spec, Map<String, Tensor> file) {
    this.spec = spec;
    this.file = file;
  }

  /** Returns a line of JSON as torch_worker.py --check prints it. */
  static String of(TorchVggOptions options, Path file) throws IOException {
    TorchCheck check = new TorchCheck(options.spec(), StepFile.read(file));
    Step right = check.step(ScalarType.Double);
    torch.set_autocast_enabled(torch.kCPU(), options.isAutocast());
    Step theirs = check.step(ScalarType.Float);
    double loss = check.file.get("loss").item_float();
    return String.format(
        Locale.ROOT,
        "{\"loss\": %.9f, \"loss_error\": %.3e, \"gradient_error\": %.3e,"
            + " \"torch_loss_error\": %.3e, \"torch_gradient_error\": %.3e}",
        right.loss,
        Math.abs(right.loss - loss) / right.loss,
        check.error(right, name -> check.file.get("grad." + name)),
        Math.abs(right.loss - theirs.loss) / right.loss,
        check.error(right, name -> theirs.net.parameters().get(name).grad()));
  }

  /** A net after its first backward pass. */
  private record Step(TorchNet net, double loss) {}

  private Step step(ScalarType type) {
    TorchNet net = new TorchNet(spec, new Values(type, MemoryFormat.Contiguous));
    net.parameters().forEach((name, parameter) -> parameter.detach().copy_(find(name)));
    Tensor logits = net.forward(find("x").to(type), true);
    Tensor loss = torch.cross_entropy_loss(logits, find("labels"));
    loss.backward();
    return new Step(net, loss.item_double());
  }

  private Tensor find(String name) {
    Tensor tensor = file.get(name);
    if (tensor == null) {
      throw new IllegalArgumentException("the file of the step has no tensor " + name);
    }
    return tensor;
  }

  /** Returns how far gradients are from the right ones, as a share of their norm. */
  private double error(Step right, Function<String, Tensor> gradients) {
    double difference = 0;
    double norm = 0;
    for (Map.Entry<String, Tensor> parameter : right.net.parameters().entrySet()) {
      Tensor expected = parameter.getValue().grad();
      double distance = gradients.apply(parameter.getKey()).sub(expected).norm().item_double();
      difference += distance * distance;
      double length = expected.norm().item_double();
      norm += length * length;
    }
    return Math.sqrt(difference / norm);
  }
}
