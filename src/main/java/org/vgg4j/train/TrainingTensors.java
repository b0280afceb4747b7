package org.vgg4j.train;

import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.vgg4j.io.SafeTensor;
import org.vgg4j.io.SafeTensorType;
import org.vgg4j.model.ModelTensors;
import org.vgg4j.nn.Vgg;
import org.vgg4j.optim.AttachedOptimizer;
import org.vgg4j.tensor.InvalidInputException;
import org.vgg4j.tensor.Tensor;

/** The tensors that a training continues from: the net's and the optimizer's. */
final class TrainingTensors {
  private static final String ORIGIN = "the checkpoint";

  private final Vgg vgg;
  private final AttachedOptimizer optimizer;
  private final Function<String, DivergedException> diverged;

  /** {@code diverged} makes the exception for a non-finite tensor, given its name. */
  TrainingTensors(
      Vgg vgg, AttachedOptimizer optimizer, Function<String, DivergedException> diverged) {
    this.vgg = vgg;
    this.optimizer = optimizer;
    this.diverged = diverged;
  }

  /**
   * Checks weights and running statistics. A ReLU may turn a NaN into 0, so that the loss stays
   * finite over broken weights; broken weights stay broken.
   */
  void requireFiniteWeights() {
    vgg.network().parameters().forEach(p -> requireFinite(p.name(), p.value()));
    vgg.network().buffers().forEach(b -> requireFinite(b.name(), b.value()));
  }

  private void requireFinite(String name, Tensor tensor) {
    if (!tensor.isFinite()) {
      throw diverged.apply(name);
    }
  }

  /** Copies all tensors, which must be finite. */
  Snapshot capture(TrainingState state) {
    requireFiniteWeights();
    optimizer.states().forEach(moment -> requireFinite(moment.name(), moment.tensor()));
    return new Snapshot(
        state,
        new ModelTensors(vgg).toFile().stream().map(SafeTensor::copy).toList(),
        optimizer.states().stream()
            .map(moment -> SafeTensor.of(moment.name(), moment.tensor()).copy())
            .toList());
  }

  /**
   * Restores all tensors from a snapshot.
   *
   * @throws InvalidInputException when it is from another net or optimizer
   */
  void restore(Snapshot snapshot) {
    Map<String, SafeTensor> model = byName(snapshot.model());
    Map<String, SafeTensor> moments = byName(snapshot.optimizer());
    ModelTensors.check(
        ORIGIN, vgg.config(), snapshot.model().stream().map(SafeTensor::spec).toList());
    new ModelTensors(vgg).read(model::containsKey, (name, type) -> model.get(name).read(type));
    for (AttachedOptimizer.State moment : optimizer.states()) {
      SafeTensor saved = moments.get(moment.name());
      if (saved == null) {
        throw new InvalidInputException(
            ORIGIN + " lacks " + moment.name() + "; it belongs to another optimizer");
      }
      moment.tensor().upload(saved.read(SafeTensorType.of(moment.tensor().dtype())));
    }
  }

  private static Map<String, SafeTensor> byName(List<SafeTensor> tensors) {
    return tensors.stream()
        .collect(Collectors.toMap(tensor -> tensor.spec().name(), Function.identity()));
  }
}
