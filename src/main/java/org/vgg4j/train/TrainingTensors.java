package org.vgg4j.train;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;
import org.vgg4j.io.FileOperations;
import org.vgg4j.io.SafeTensor;
import org.vgg4j.io.SafeTensorsReader;
import org.vgg4j.model.HostTensor;
import org.vgg4j.model.ModelFile;
import org.vgg4j.model.ModelTensors;
import org.vgg4j.nn.Buffer;
import org.vgg4j.nn.Parameter;
import org.vgg4j.nn.Vgg;
import org.vgg4j.optim.AttachedOptimizer;
import org.vgg4j.tensor.DType;
import org.vgg4j.tensor.Tensor;

/** The tensors that a training goes on from: the net's and the optimizer's. */
final class TrainingTensors {
  private final Vgg vgg;
  private final AttachedOptimizer optimizer;
  private final Function<String, DivergedException> diverged;

  /** {@code diverged} makes the exception for a tensor, by name, that is not finite. */
  TrainingTensors(
      Vgg vgg, AttachedOptimizer optimizer, Function<String, DivergedException> diverged) {
    this.vgg = vgg;
    this.optimizer = optimizer;
    this.diverged = diverged;
  }

  /**
   * Looks at weights and running statistics. A ReLU may turn a NaN into 0, so that the loss stays
   * finite over broken weights; what a gradient broke once stays broken.
   */
  void requireFiniteWeights() {
    for (Parameter parameter : vgg.network().parameters()) {
      requireFinite(parameter.name(), parameter.value());
    }
    for (Buffer buffer : vgg.network().buffers()) {
      requireFinite(buffer.name(), buffer.value());
    }
  }

  private void requireFinite(String name, Tensor tensor) {
    if (!tensor.isFinite()) {
      throw diverged.apply(name);
    }
  }

  /** Copies all tensors, which must be finite. */
  Snapshot capture(TrainingState state) {
    List<SafeTensor> moments = new ArrayList<>();
    for (AttachedOptimizer.State moment : optimizer.states()) {
      moments.add(copy(moment.name(), moment.tensor()));
    }
    return new Snapshot(state, new ModelTensors(vgg).toFile(this::copy), moments);
  }

  private SafeTensor copy(String name, Tensor tensor) {
    HostTensor copy = new HostTensor(tensor);
    if (!copy.isFinite()) {
      throw diverged.apply(name);
    }
    return copy.named(name);
  }

  /** Reads all tensors. */
  void restore(Path model, Path moments, FileOperations files) throws IOException {
    try (SafeTensorsReader reader = SafeTensorsReader.open(moments, files)) {
      ModelFile.readInto(vgg, model, files);
      for (AttachedOptimizer.State moment : optimizer.states()) {
        if (moment.tensor().dtype() == DType.F64) {
          moment.tensor().upload(reader.readDoubles(moment.name()));
        } else {
          moment.tensor().upload(reader.readFloats(moment.name()));
        }
      }
    }
  }
}
