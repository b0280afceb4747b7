package org.vgg4j.run;

import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import org.vgg4j.nn.MemoryPlan;
import org.vgg4j.nn.NetworkPlan;
import org.vgg4j.nn.Stage;
import org.vgg4j.tensor.Backend;
import org.vgg4j.tensor.DescribedDevice;
import org.vgg4j.tensor.EngineException;
import org.vgg4j.tensor.ImagePlan;
import org.vgg4j.tensor.ImageSpec;
import org.vgg4j.tensor.InvalidInputException;
import org.vgg4j.tensor.Layout;
import org.vgg4j.tensor.Work;

/**
 * What a training step takes on a device that is only described.
 *
 * @param images how many images a step takes, those of all its batches
 * @param rows the parts of a step: the images' way in, the layers, the loss, and for steps of
 *     several batches the sum of their gradients
 */
public record Forecast(int images, List<Row> rows) {
  /** The side of Fashion-MNIST's images, which are grey. */
  private static final int IMAGE_SIDE = 28;

  /**
   * A part of a step.
   *
   * @param forward the bytes that its forward moves, over all batches of the step
   * @param backward the same of its backward
   * @param update the same of the update of its parameters
   * @param multiplyAdds of all
   * @param seconds what it takes at least: for each call the longer of the bytes at the published
   *     bandwidth and the multiply-adds at the published rate
   */
  public record Row(
      String name, long forward, long backward, long update, long multiplyAdds, double seconds) {
    /** Returns all bytes. */
    public long bytes() {
      return forward + backward + update;
    }
  }

  /** Copies the rows. */
  public Forecast {
    rows = List.copyOf(rows);
  }

  /**
   * Counts the work of a step.
   *
   * @param plan of the recipe's net on the device's engine
   */
  static Forecast of(Recipe recipe, MemoryPlan plan, DescribedDevice device) {
    int batches = recipe.training().accumulate();
    Layout input = plan.stages().get(0).x();
    Layout logits = plan.stages().get(plan.stages().size() - 1).y();
    int moments = recipe.newOptimizer().stateSlabs();
    List<Row> rows = new ArrayList<>();
    rows.add(row("images", images(recipe, input, device.backend()), batches, List.of(), device));
    long slab = plan.trained() / device.backend().types().master().bytes();
    List<Stage> stages = plan.stages();
    for (int i = 0; i < stages.size(); i++) {
      long elements = stages.get(i).isTrained() ? elements(stages, i, slab) : 0;
      List<Work> update = elements == 0 ? List.of() : device.update(elements, moments);
      rows.add(row(stages.get(i).name(), stages.get(i).work(), batches, update, device));
    }
    rows.add(row("loss", device.loss(logits), batches, List.of(), device));
    if (batches > 1) {
      rows.add(row("sum", device.accumulate(slab), batches, List.of(), device));
    }
    return new Forecast(recipe.training().batchSize() * batches, rows);
  }

  /** Returns a stage's part of the slabs, up to where the next one begins. */
  private static long elements(List<Stage> stages, int at, long slab) {
    long end =
        stages.stream()
            .skip(at + 1L)
            .filter(Stage::isTrained)
            .mapToLong(Stage::firstElement)
            .findFirst()
            .orElse(slab);
    return end - stages.get(at).firstElement();
  }

  /** Returns the work of the images' way in; none where the host does it. */
  private static List<Work> images(Recipe recipe, Layout input, Backend backend) {
    if (!recipe.preprocessing().onlyResizes()) {
      return List.of();
    }
    ImageSpec spec =
        new ImageSpec(1, IMAGE_SIDE, IMAGE_SIDE, recipe.net().channels(), recipe.net().imageSize());
    try (ImagePlan plan = backend.images(spec, input)) {
      return plan.work();
    }
  }

  private static Row row(
      String name, List<Work> ofBatch, int batches, List<Work> ofStep, DescribedDevice device) {
    List<Work> all = new ArrayList<>();
    for (int i = 0; i < batches; i++) {
      all.addAll(ofBatch);
    }
    all.addAll(ofStep);
    return new Row(
        name,
        bytes(all, Work.Phase.FORWARD),
        bytes(all, Work.Phase.BACKWARD),
        bytes(all, Work.Phase.UPDATE),
        all.stream().mapToLong(Work::multiplyAdds).sum(),
        all.stream().mapToDouble(work -> seconds(work, device)).sum());
  }

  private static long bytes(Collection<Work> all, Work.Phase phase) {
    return all.stream().filter(work -> work.phase() == phase).mapToLong(Work::bytes).sum();
  }

  private static double seconds(Work work, DescribedDevice device) {
    return Math.max(
        work.bytes() / device.bytesPerSecond(),
        work.multiplyAdds() / device.multiplyAddsPerSecond());
  }

  /** Returns the sum of the rows. */
  public Row total() {
    return new Row(
        "total",
        rows.stream().mapToLong(Row::forward).sum(),
        rows.stream().mapToLong(Row::backward).sum(),
        rows.stream().mapToLong(Row::update).sum(),
        rows.stream().mapToLong(Row::multiplyAdds).sum(),
        rows.stream().mapToDouble(Row::seconds).sum());
  }

  /** Returns how many images a second the published figures allow at most. */
  public double imagesPerSecond() {
    return images / total().seconds();
  }

  /**
   * Plans a recipe's net and counts a step.
   *
   * @param report takes both before the plan is closed
   * @throws InvalidInputException when the device's engine cannot compute the net
   */
  public static void plan(Recipe recipe, DescribedDevice device, Report report) {
    try (NetworkPlan planned = recipe.plan(recipe.training().batchSize(), device.backend())) {
      MemoryPlan plan = planned.memoryPlan();
      report.take(plan, of(recipe, plan, device));
    } catch (EngineException e) {
      throw new InvalidInputException(e.getMessage(), e);
    }
  }

  /** Takes what was planned. */
  @FunctionalInterface
  public interface Report {
    /** Takes a net's memory and a step's work. */
    void take(MemoryPlan plan, Forecast forecast);
  }
}
