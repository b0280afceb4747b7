package org.vgg4j.backend.onednn;

import java.util.ArrayList;
import java.util.List;
import org.bytedeco.dnnl.memory;
import org.bytedeco.dnnl.primitive;
import org.bytedeco.dnnl.primitive_desc;
import org.vgg4j.tensor.Tensor;

/**
 * A primitive with its operands. Each operand is checked before anything runs, and copied if the
 * primitive needs another order. The plan that built the operation owns it.
 */
final class Operation {
  private static final int UNREAD = -1;

  private final Operand[] operands;
  private final Primitive primitive;
  private final OneDnnTensor[] given;
  private final OneDnnTensor[] arguments;

  private Operation(List<Operand> operands, Primitive primitive, int arguments) {
    this.operands = operands.toArray(new Operand[0]);
    this.primitive = primitive;
    given = new OneDnnTensor[this.operands.length];
    this.arguments = new OneDnnTensor[arguments];
  }

  /**
   * Runs the primitive on one tensor per operand, in the order of the builder's calls.
   *
   * @throws IllegalArgumentException when a tensor differs from the plan
   * @throws IllegalStateException when its memory or its engine is closed
   */
  void run(Tensor... tensors) {
    for (int i = 0; i < operands.length; i++) {
      given[i] = operands[i].check(tensors[i]);
    }
    int count = 0;
    for (int i = 0; i < operands.length; i++) {
      if (operands[i].isArgument()) {
        arguments[count++] = operands[i].before(given[i]);
      }
    }
    primitive.run(arguments);
    for (int i = 0; i < operands.length; i++) {
      operands[i].after(given[i]);
    }
  }

  /**
   * One operand.
   *
   * @param planned null when the operation has no such operand; callers must then pass null
   * @param argument the DNNL_ARG_ number, or UNREAD
   * @param copy null when the primitive takes the tensor as it is
   * @param substitute written when no tensor is given; null when a tensor is required
   */
  private record Operand(
      String name, OneDnnLayout planned, int argument, OrderedCopy copy, Scratch.Place substitute) {
    boolean isArgument() {
      return planned != null && argument != UNREAD;
    }

    OneDnnTensor check(Tensor tensor) {
      if (tensor == null && (planned == null || substitute != null)) {
        return planned == null ? null : substitute.tensor();
      }
      if (planned == null) {
        throw new IllegalArgumentException(
            name + " was planned to be null and got " + tensor.layout());
      }
      return OneDnnTensor.of(tensor, planned, name);
    }

    OneDnnTensor before(OneDnnTensor tensor) {
      return copy == null ? tensor : copy.before(tensor);
    }

    void after(OneDnnTensor tensor) {
      if (copy != null) {
        copy.after(tensor);
      }
    }
  }

  /** Collects operands. A null layout means that the operation has no such operand. */
  static final class Builder {
    private final OneDnnPlan plan;
    private final String part;
    private final primitive_desc description;
    private final List<Operand> operands = new ArrayList<>();

    private long bytes; // of the primitive's own operands
    private long multiplyAdds;

    Builder(OneDnnPlan plan, String part, primitive_desc description) {
      this.plan = plan;
      this.part = part;
      this.description = description;
    }

    private Builder add(
        int argument,
        String role,
        OneDnnLayout planned,
        OrderedCopy copy,
        Scratch.Place substitute) {
      operands.add(new Operand(plan.operand(role), planned, argument, copy, substitute));
      if (planned != null && argument != UNREAD) {
        bytes += copy == null ? planned.bytes() : copy.bytes();
      }
      return this;
    }

    /** Says how many multiply-adds a run makes. */
    Builder multiplyAdds(long count) {
      multiplyAdds = count;
      return this;
    }

    /** Adds an operand that the primitive takes as it is. */
    Builder direct(int argument, String role, OneDnnLayout planned) {
      return add(argument, role, planned, null, null);
    }

    /** Adds an operand of the plan's interface that the primitive does not need. */
    Builder unread(String role, OneDnnLayout planned) {
      return add(UNREAD, role, planned, null, null);
    }

    /** Adds an operand that the primitive reads as {@code wanted}. */
    Builder input(int argument, String role, OneDnnLayout planned, memory.desc wanted) {
      return add(
          argument, role, planned, new OrderedCopy(plan, role, planned, wanted, false), null);
    }

    /** Adds an operand that the primitive writes as {@code wanted}. */
    Builder output(int argument, String role, OneDnnLayout planned, memory.desc wanted) {
      return add(argument, role, planned, new OrderedCopy(plan, role, planned, wanted, true), null);
    }

    /** Adds an output that the caller may leave out; the primitive writes it regardless. */
    Builder optionalOutput(int argument, String role, OneDnnLayout planned) {
      return add(argument, role, planned, null, planned == null ? null : plan.place(planned));
    }

    Operation build() {
      plan.endOperation();
      int[] ids =
          operands.stream().filter(Operand::isArgument).mapToInt(Operand::argument).toArray();
      primitive made =
          Dnnl.create(plan.operation(), plan.shapes(), () -> new primitive(description));
      String name = plan.operation() + part;
      Cost cost = new Cost(name, Cost.implementation(description), false, bytes, multiplyAdds);
      Primitive primitive =
          new Primitive(plan.context(), name + ", " + plan.shapes(), cost, made, ids);
      return new Operation(operands, plan.own(primitive), ids.length);
    }
  }
}
