package org.vgg4j.evaluation;

import java.util.List;
import org.vgg4j.nn.Execution;
import org.vgg4j.nn.InputSource;
import org.vgg4j.tensor.Backend;
import org.vgg4j.tensor.Closing;
import org.vgg4j.tensor.DType;
import org.vgg4j.tensor.ImageViewPlan;
import org.vgg4j.tensor.ImageViewSpec;
import org.vgg4j.tensor.Layout;
import org.vgg4j.tensor.MemoryOwner;
import org.vgg4j.tensor.StepState;
import org.vgg4j.tensor.Tensor;
import org.vgg4j.tensor.Work;

/** Brings batches of images of bytes into a net at one shape, preprocessed by the engine. */
final class ImageInput implements InputSource, AutoCloseable {
  private final Execution at;
  private final ImageViewPlan plan;
  private final List<Work> work;
  private final Tensor labels; // null where nobody asks for them
  private final Closing closing = new Closing();
  private Tensor images; // null until they are there
  private Tensor table;

  private ImageInput(Execution at, ImageViewPlan plan, boolean labelled) {
    this.at = at;
    this.plan = closing.own(plan);
    work = plan.work();
    labels = labelled ? at.labels() : null;
    at.own(this);
  }

  /**
   * Plans the way in; null where the engine leaves that to the host.
   *
   * @param state says where a batch begins in the table; null where each has its own
   * @param labelled whether the batch's labels are wanted
   */
  static ImageInput planned(
      Execution at, ImageViewSpec spec, Backend backend, StepState state, boolean labelled) {
    ImageViewPlan plan = backend.imageViews(spec, at.input().layout(), state);
    return plan == null ? null : new ImageInput(at, plan, labelled);
  }

  /** Takes memory for a batch, which is uploaded each time. */
  void takeMemory(ImageViewSpec spec, Backend backend) {
    images = memory(backend.plainLayout(spec.images(), DType.U8), backend);
    table = memory(backend.plainLayout(spec.table(), DType.U8), backend);
  }

  /** Returns memory of its own: the engine uploads to one beside another. */
  private Tensor memory(Layout layout, Backend backend) {
    return closing.own(backend.allocate(layout.bytes(), MemoryOwner.IMAGES)).tensor(0, layout);
  }

  /** Takes images from where they lie. */
  void takeFrom(Tensor allImages, Tensor allRows) {
    images = allImages;
    table = allRows;
  }

  Tensor images() {
    return images;
  }

  Tensor table() {
    return table;
  }

  @Override
  public void run() {
    plan.forward(images, table, at.input(), labels);
  }

  @Override
  public List<Work> work() {
    return work;
  }

  @Override
  public void close() {
    if (at.source() == this) {
      at.startWith(null);
    }
    closing.close();
  }
}
