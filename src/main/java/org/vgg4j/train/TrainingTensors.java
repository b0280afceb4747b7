package org.vgg4j.train;

import java.nio.ByteBuffer;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.vgg4j.io.SafeTensor;
import org.vgg4j.io.SafeTensorSpec;
import org.vgg4j.io.SafeTensorType;
import org.vgg4j.model.ModelTensors;
import org.vgg4j.nn.Vgg;
import org.vgg4j.optim.AttachedOptimizer;
import org.vgg4j.optim.WeightAverage;
import org.vgg4j.tensor.InvalidInputException;
import org.vgg4j.tensor.Tensor;

/**
 * The tensors that a training continues from: the net's and the optimizer's. Where weights are
 * averaged, a snapshot's net is the averaged one, and the weights themselves stand among the
 * optimizer's tensors: {@code unaveraged.features.0.weight}.
 */
final class TrainingTensors {
  private static final String ORIGIN = "the checkpoint";
  private static final String UNAVERAGED = "unaveraged.";

  private final Vgg vgg;
  private final WeightAverage average; // null without
  private final Map<String, Tensor> others = new LinkedHashMap<>(); // besides the model's
  private final Function<String, DivergedException> diverged;

  /** {@code diverged} makes the exception for a non-finite tensor, given its name. */
  TrainingTensors(
      Vgg vgg,
      AttachedOptimizer optimizer,
      WeightAverage average,
      Function<String, DivergedException> diverged) {
    this.vgg = vgg;
    this.average = average;
    this.diverged = diverged;
    optimizer.states().forEach(moment -> others.put(moment.name(), moment.tensor()));
    if (average != null) {
      vgg.network().parameters().forEach(p -> others.put(UNAVERAGED + p.name(), p.value()));
      vgg.network().buffers().forEach(b -> others.put(UNAVERAGED + b.name(), b.value()));
    }
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

  /** Checks all tensors. */
  void requireFinite() {
    requireFiniteWeights();
    others.forEach(this::requireFinite);
  }

  /**
   * Copies all tensors.
   *
   * @param old a copy that the new one overwrites; null for none
   */
  Snapshot copy(TrainingState state, Snapshot old) {
    Function<SafeTensorSpec, ByteBuffer> room = memory(old)::get;
    List<SafeTensor> beside =
        others.entrySet().stream()
            .map(other -> SafeTensor.of(other.getKey(), other.getValue(), room).copy())
            .toList();
    Supplier<List<SafeTensor>> model =
        () -> new ModelTensors(vgg).toFile(room).stream().map(SafeTensor::copy).toList();
    return new Snapshot(state, average == null ? model.get() : average.with(model), beside);
  }

  private static Map<SafeTensorSpec, ByteBuffer> memory(Snapshot old) {
    return old == null
        ? Map.of()
        : Stream.concat(old.model().stream(), old.optimizer().stream())
            .collect(Collectors.toMap(SafeTensor::spec, SafeTensor::bytes));
  }

  /**
   * Restores all tensors from a snapshot.
   *
   * @throws InvalidInputException when it is from another net or optimizer
   */
  void restore(Snapshot snapshot) {
    Map<String, SafeTensor> model = byName(snapshot.model());
    Map<String, SafeTensor> beside = byName(snapshot.optimizer());
    requireSameNames(beside.keySet());
    ModelTensors.check(
        ORIGIN, vgg.config(), snapshot.model().stream().map(SafeTensor::spec).toList());
    new ModelTensors(vgg).read(model::containsKey, (name, type) -> model.get(name).read(type));
    if (average != null) {
      average.exchange(); // the model is the average
    }
    others.forEach(
        (name, tensor) -> tensor.upload(beside.get(name).read(SafeTensorType.of(tensor.dtype()))));
    vgg.network().refreshCompute();
  }

  private void requireSameNames(Set<String> saved) {
    for (String name : others.keySet()) {
      if (!saved.contains(name)) {
        throw new InvalidInputException(
            ORIGIN + " lacks " + name + "; it belongs to another optimizer");
      }
    }
    for (String name : saved) {
      if (!others.containsKey(name)) {
        throw new InvalidInputException(
            ORIGIN + " has " + name + ", which this training has no use for");
      }
    }
  }

  private static Map<String, SafeTensor> byName(List<SafeTensor> tensors) {
    return tensors.stream()
        .collect(Collectors.toMap(tensor -> tensor.spec().name(), Function.identity()));
  }
}
