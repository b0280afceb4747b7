package org.vgg4j.backend.cuda.graph;

import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Deque;
import java.util.Iterator;
import java.util.List;
import org.bytedeco.cuda.global.cudnn;
import org.bytedeco.javacpp.Pointer;
import org.vgg4j.backend.cuda.calls.LaunchTimes;
import org.vgg4j.tensor.Closing;

/**
 * Runs a plan: {@link #set} the operands, then {@link #execute}. The variant packs of the last few
 * sets of addresses are kept, so a step that comes again allocates nothing. Closing gives up its
 * share of the plan.
 */
public final class PlanRun implements AutoCloseable {
  /** More than the execution of a net alternates between. */
  private static final int KEPT_PACKS = 8;

  private static final int ALIGNMENT = 16;

  private final ConvProblem problem;
  private final BuiltPlan plan; // null for a described GPU
  private final AutoCloseable share; // of the plan
  private final List<Operand> operands;
  private final long[] addresses; // of the operands, then of the workspace
  private final Pointer[] pointers;
  private final Deque<Pack> packs = new ArrayDeque<>(); // last used first
  private boolean closed;

  PlanRun(BuiltPlan plan, AutoCloseable share) {
    this(plan.problem(), plan, share);
  }

  /** A run of a plan for a GPU that is only described. */
  PlanRun(ConvProblem problem) {
    this(problem, null, () -> {});
  }

  private PlanRun(ConvProblem problem, BuiltPlan plan, AutoCloseable share) {
    this.problem = problem;
    this.plan = plan;
    this.share = share;
    operands = problem.operands();
    addresses = new long[operands.size() + 1];
    pointers = new Pointer[operands.size()];
  }

  /** A variant pack: the addresses it holds and their descriptor. */
  private record Pack(long[] addresses, Descriptor descriptor, Closing owned)
      implements AutoCloseable {
    @Override
    public void close() {
      owned.close();
    }
  }

  /** Returns what the plan is for. */
  public ConvProblem problem() {
    return problem;
  }

  /**
   * Sets an operand's place, which stays until it is set again.
   *
   * @param position in the order of {@link ConvOperation}
   * @param place its first byte, aligned to 16 bytes
   */
  public PlanRun set(int position, Pointer place) {
    if (place == null || place.isNull() || place.address() % ALIGNMENT != 0) {
      throw new IllegalArgumentException(
          "%s of %s is not in aligned memory: %s"
              .formatted(operands.get(position).name(), problem.text(), place));
    }
    pointers[position] = place;
    addresses[position] = place.address();
    return this;
  }

  /**
   * Enqueues the plan.
   *
   * @param workspace as many bytes as {@link ConvPlan#workspaceBytes}; may be null for 0 bytes
   */
  public void execute(Pointer workspace) {
    if (closed) {
      throw new IllegalStateException("this run of " + problem.text() + " was closed");
    }
    if (plan == null) {
      throw new IllegalStateException("a plan for a described GPU cannot be run");
    }
    addresses[pointers.length] = workspace == null ? 0 : workspace.address();
    Pack pack = pack(workspace);
    LaunchTimes times = plan.target().context().times();
    if (times != null) {
      times.begin();
    }
    plan.target()
        .calls()
        .cudnnBackendExecute(
            plan.target().context(),
            plan.plan().handle(),
            pack.descriptor().handle(),
            plan.plan().what());
    if (times != null) {
      times.end("cuDNN " + plan.choice().text());
    }
  }

  private Pack pack(Pointer workspace) {
    Pack pack = packs.peek();
    if (pack != null && Arrays.equals(pack.addresses(), addresses)) {
      return pack;
    }
    pack = kept();
    if (pack == null) {
      pack = newPack(workspace);
    }
    packs.push(pack);
    if (packs.size() > KEPT_PACKS) {
      packs.removeLast().close();
    }
    return pack;
  }

  /** Takes the pack with the current addresses out of those kept; null if there is none. */
  private Pack kept() {
    for (Iterator<Pack> each = packs.iterator(); each.hasNext(); ) {
      Pack pack = each.next();
      if (Arrays.equals(pack.addresses(), addresses)) {
        each.remove();
        return pack;
      }
    }
    return null;
  }

  private Pack newPack(Pointer workspace) {
    long[] ids = new long[pointers.length];
    for (int i = 0; i < ids.length; i++) {
      if (pointers[i] == null) {
        throw new IllegalStateException(
            operands.get(i).name() + " of " + problem.text() + " was not set");
      }
      ids[i] = i + 1L;
    }
    return Closing.building(
        owned ->
            new Pack(
                addresses.clone(),
                new Descriptor(
                        owned,
                        plan.target().calls(),
                        cudnn.CUDNN_BACKEND_VARIANT_PACK_DESCRIPTOR,
                        "the operands of " + problem.text())
                    .addresses(cudnn.CUDNN_ATTR_VARIANT_PACK_DATA_POINTERS, pointers)
                    .longs(cudnn.CUDNN_ATTR_VARIANT_PACK_UNIQUE_IDS, ids)
                    .addresses(cudnn.CUDNN_ATTR_VARIANT_PACK_WORKSPACE, workspace)
                    .finish(),
                owned));
  }

  @Override
  public void close() {
    if (!closed) {
      closed = true;
      try (Closing all = new Closing()) {
        all.own(share);
        packs.forEach(all::own);
        packs.clear();
      }
    }
  }
}
