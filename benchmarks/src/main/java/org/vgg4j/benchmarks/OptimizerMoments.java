package org.vgg4j.benchmarks;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.bytedeco.pytorch.InputArchive;
import org.bytedeco.pytorch.Optimizer;
import org.bytedeco.pytorch.OutputArchive;
import org.bytedeco.pytorch.Tensor;

/**
 * Reads an optimizer's moments by saving it and reading the archive back: the Java bindings leave
 * out {@code Optimizer::state()}.
 *
 * <p>Source: {@code torch/csrc/api/include/torch/optim/serialize.h}, which names a parameter's
 * state after the address of its TensorImpl.
 */
final class OptimizerMoments {
  private OptimizerMoments() {}

  /** Returns copies of the moments, named as {@code exp_avg.features.0.weight}. */
  static Map<String, Tensor> of(
      Optimizer optimizer, Map<String, Tensor> parameters, List<String> moments)
      throws IOException {
    Path file = Files.createTempFile("optimizer", ".pt");
    try {
      OutputArchive out = new OutputArchive();
      optimizer.save(out);
      out.save_to(file.toString());
      InputArchive in = new InputArchive();
      in.load_from(file.toString());
      InputArchive states = child(in, "state");
      Map<String, Tensor> result = new LinkedHashMap<>();
      for (String moment : moments) {
        parameters.forEach(
            (name, parameter) -> {
              Tensor values = new Tensor();
              child(states, key(parameter)).read(moment, values);
              result.put(moment + "." + name, values);
            });
      }
      return result;
    } finally {
      Files.delete(file);
    }
  }

  private static InputArchive child(InputArchive archive, String key) {
    InputArchive child = new InputArchive();
    archive.read(key, child);
    return child;
  }

  private static String key(Tensor parameter) {
    return Long.toString(parameter.unsafeGetTensorImpl().address());
  }
}
