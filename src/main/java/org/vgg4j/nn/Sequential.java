package org.vgg4j.nn;

import java.util.ArrayList;
import java.util.List;
import org.vgg4j.tensor.Closing;
import org.vgg4j.tensor.Layout;
import org.vgg4j.tensor.Shape;
import org.vgg4j.tensor.Tensor;
import org.vgg4j.tensor.Usage;

/**
 * Runs modules in sequence, each in a scope of its own name. Source: PyTorch {@code
 * torch.nn.Sequential}.
 */
public final class Sequential implements Module {
  private final List<Part> children = new ArrayList<>();

  /** Creates a chain of modules named 0, 1, 2 and so on; more may be added. */
  public Sequential(Module... modules) {
    for (Module module : modules) {
      add(Integer.toString(children.size()), module);
    }
  }

  /**
   * Adds a module.
   *
   * @param name the scope of its parameters, without a dot
   * @return this chain
   */
  public Sequential add(String name, Module module) {
    boolean taken = children.stream().anyMatch(child -> child.scope().equals(name));
    if (name.isEmpty() || name.indexOf('.') >= 0 || taken) {
      throw new IllegalArgumentException("a chain cannot have a module named '" + name + "' here");
    }
    children.add(new Part(name, module));
    return this;
  }

  /**
   * Adds a module whose parameters lie in this chain's scope, under names that the module chooses.
   *
   * @return this chain
   */
  public Sequential addInline(Module module) {
    children.add(new Part("", module));
    return this;
  }

  @Override
  public List<Part> parts() {
    if (children.isEmpty()) {
      throw new IllegalStateException("a chain needs a module");
    }
    return List.copyOf(children);
  }

  @Override
  public Shape outputShape(Shape x) {
    Shape shape = x;
    for (Part child : children) {
      shape = child.module().outputShape(shape);
    }
    return shape;
  }

  @Override
  public Layout build(BuildContext context, Layout x) {
    Layout layout = x;
    Usage usage = context.usage();
    for (Part child : parts()) {
      layout = context.build(child.scope(), child.module(), layout, usage);
      usage = new Usage(usage.training(), usage.training());
    }
    return layout;
  }

  @Override
  public Tensor forward(Tensor x, boolean training) {
    Tensor tensor = x;
    for (int i = 0; i < children.size(); i++) {
      tensor = children.get(i).module().forward(tensor, training);
    }
    return tensor;
  }

  @Override
  public Tensor forwardAgain(Tensor x) {
    Tensor tensor = x;
    for (int i = 0; i < children.size(); i++) {
      tensor = children.get(i).module().forwardAgain(tensor);
    }
    return tensor;
  }

  @Override
  public Tensor backward(Tensor dy) {
    Tensor tensor = dy;
    for (int i = children.size() - 1; i >= 0; i--) {
      tensor = children.get(i).module().backward(tensor);
    }
    return tensor;
  }

  @Override
  public void close() {
    Closing closing = new Closing();
    children.forEach(child -> closing.own(child.module()));
    closing.close();
  }
}
