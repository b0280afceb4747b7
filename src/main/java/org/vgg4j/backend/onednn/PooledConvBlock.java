package org.vgg4j.backend.onednn;

import java.util.List;
import org.vgg4j.tensor.ConvBlockPlan;
import org.vgg4j.tensor.Layout;
import org.vgg4j.tensor.MemoryPlanner;
import org.vgg4j.tensor.Slot;
import org.vgg4j.tensor.Tensor;
import org.vgg4j.tensor.Work;

/**
 * A block for inference without batch norm, whose convolution pools what it writes: what is between
 * them never gets to memory. Shapes: x (N, C, H, W), y (N, K, H/2, W/2).
 */
final class PooledConvBlock implements ConvBlockPlan {
  private final WinogradConv2d conv;
  private final Slot y;

  /**
   * Plans a block.
   *
   * @param conv its convolution, which this closes
   */
  PooledConvBlock(WinogradConv2d conv, MemoryPlanner memory) {
    this.conv = conv;
    y = memory.activation(conv.y());
  }

  @Override
  public Layout w() {
    return conv.w();
  }

  @Override
  public Layout y() {
    return conv.y();
  }

  @Override
  public long workspaceBytes() {
    return conv.workspaceBytes();
  }

  @Override
  public List<Work> work() {
    return conv.work();
  }

  @Override
  public Tensor forward(Tensor x, Parameters parameters, boolean training) {
    conv.forward(x, parameters.w(), parameters.b(), y.tensor());
    return y.tensor();
  }

  @Override
  public Tensor forwardAgain(Tensor x, Parameters parameters) {
    throw new IllegalStateException("this block was planned for inference");
  }

  @Override
  public Tensor backward(Tensor dy, Parameters parameters, Gradients gradients) {
    throw new IllegalStateException("this block was planned for inference");
  }

  @Override
  public void close() {
    conv.close();
  }
}
