package org.vgg4j.backend.cuda.operations;

import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.bytedeco.cuda.global.cudnn;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.vgg4j.backend.cuda.calls.ConvAlgorithm;
import org.vgg4j.backend.cuda.calls.ConvDescriptors;
import org.vgg4j.backend.cuda.calls.ConvDirection;
import org.vgg4j.backend.cuda.calls.CudaContext;
import org.vgg4j.backend.cuda.calls.CudaException;
import org.vgg4j.backend.cuda.calls.CudnnCalls;
import org.vgg4j.backend.cuda.calls.CudnnConvolutionCalls;
import org.vgg4j.backend.cuda.calls.CudnnFindCalls;
import org.vgg4j.backend.cuda.memory.CudaLayout;
import org.vgg4j.backend.cuda.memory.DeviceMemory;
import org.vgg4j.tensor.Closing;
import org.vgg4j.tensor.OutOfDeviceMemoryException;
import org.vgg4j.tensor.Shape;

/**
 * Chooses cuDNN's algorithm for each convolution: from the fixed table of deterministic ones, or
 * else one that was given, is cached or is measured here, in this order.
 */
final class ConvAlgorithms {
  private static final Logger LOG = LoggerFactory.getLogger(ConvAlgorithms.class);

  private final CudaContext context;
  private final AlgorithmPolicy policy;
  private final CudnnFindCalls find;
  private final AlgorithmCache cache;
  private final Map<String, String> chosen = new TreeMap<>();

  /**
   * Starts without choices.
   *
   * @param folder where to keep measured algorithms between runs, or null
   */
  ConvAlgorithms(CudaContext context, AlgorithmPolicy policy, Path folder) {
    this.context = context;
    this.policy = policy;
    cache =
        AlgorithmCache.of(
            policy.deterministic() ? null : folder,
            context.info(),
            CudnnCalls.cudnnGetVersion(),
            policy);
    find = new CudnnFindCalls(context);
  }

  /**
   * An algorithm.
   *
   * @param number its number in cuDNN
   * @param mathType the math type for the operation's descriptor
   */
  private record Choice(int number, int mathType) {
    static Choice of(String text) {
      if (text == null || !text.matches("\\d+ \\d+")) {
        return null;
      }
      int space = text.indexOf(' ');
      return new Choice(
          Integer.parseInt(text.substring(0, space)), Integer.parseInt(text.substring(space + 1)));
    }

    String text() {
      return number + " " + mathType;
    }
  }

  /** Returns the choices so far: problem to algorithm and math type. */
  Map<String, String> chosen() {
    return Map.copyOf(chosen);
  }

  /**
   * Chooses an algorithm and sets its math type in the operation's descriptor.
   *
   * @throws CudaException when no algorithm runs
   */
  ConvAlgorithm choose(ConvDirection direction, ConvDescriptors d) {
    String problem = direction.text() + " " + d.what();
    if (policy.deterministic()) {
      return fixed(direction, d, problem);
    }
    Choice choice = Choice.of(policy.choices().get(problem));
    ConvAlgorithm algorithm = prepare(direction, d, choice);
    if (algorithm == null) {
      choice = Choice.of(cache.get(problem));
      algorithm = prepare(direction, d, choice);
    }
    if (algorithm == null) {
      choice = measured(direction, d, problem);
      algorithm = prepare(direction, d, choice);
    }
    if (algorithm == null) {
      LOG.warn("cuDNN could not measure any algorithm for {}; using a fixed one", problem);
      return fixed(direction, d, problem);
    }
    chosen.put(problem, choice.text());
    return algorithm;
  }

  /** Returns the first algorithm of the fixed table that runs, whatever its workspace. */
  private ConvAlgorithm fixed(ConvDirection direction, ConvDescriptors d, String problem) {
    CudaException refusal = null;
    for (int number : direction.deterministic()) {
      Choice choice = new Choice(number, fixedMathType());
      try {
        ConvAlgorithm algorithm = ready(direction, d, choice);
        if (algorithm.workspaceBytes() > policy.workspaceLimit()) {
          LOG.warn(
              "{} uses a workspace of {} bytes, over the limit of {}: the fixed algorithm needs it",
              problem,
              algorithm.workspaceBytes(),
              policy.workspaceLimit());
        }
        chosen.put(problem, choice.text());
        return algorithm;
      } catch (CudaException e) {
        // The more specific statuses follow it in the same thousand.
        if (e.status() / 1000 != cudnn.CUDNN_STATUS_NOT_SUPPORTED / 1000) {
          throw e; // another algorithm would give different bits
        }
        if (refusal == null) {
          refusal = e;
        } else {
          refusal.addSuppressed(e);
        }
      }
    }
    throw refusal;
  }

  private boolean isAllowed(ConvDirection direction, int number, int mathType) {
    return !policy.strict() || (mathType == cudnn.CUDNN_FMA_MATH && direction.isStrict(number));
  }

  /** cuDNN's default math type uses TF32 on GPUs that support it. */
  private int fixedMathType() {
    return policy.strict() ? cudnn.CUDNN_FMA_MATH : cudnn.CUDNN_DEFAULT_MATH;
  }

  /** Returns null if there is no choice or it does not run within the limit. */
  private ConvAlgorithm prepare(ConvDirection direction, ConvDescriptors d, Choice choice) {
    if (choice == null || !isAllowed(direction, choice.number(), choice.mathType())) {
      return null;
    }
    try {
      ConvAlgorithm algorithm = ready(direction, d, choice);
      return algorithm.workspaceBytes() <= policy.workspaceLimit() ? algorithm : null;
    } catch (CudaException e) {
      return null; // from another version, or for a shape that it does not support
    }
  }

  private ConvAlgorithm ready(ConvDirection direction, ConvDescriptors d, Choice choice) {
    CudnnConvolutionCalls calls = context.convolution();
    calls.cudnnSetConvolutionMathType(direction, d, choice.mathType());
    int number = choice.number();
    return new ConvAlgorithm(direction, number, calls.workspaceBytes(direction, d, number));
  }

  /** Measures all algorithms and stores the fastest; returns null if none could be measured. */
  private Choice measured(ConvDirection direction, ConvDescriptors d, String problem) {
    context.convolution().cudnnSetConvolutionMathType(direction, d, fixedMathType());
    long limit = policy.workspaceLimit();
    try (Closing memory = new Closing()) {
      DeviceMemory x = zeroed(memory, d.xShape());
      DeviceMemory w = zeroed(memory, d.wShape());
      DeviceMemory y = zeroed(memory, d.yShape());
      long room = Math.min(limit, context.cuda().cudaMemGetInfo()[0] / 2);
      DeviceMemory workspace = memory.own(new DeviceMemory(context, room));
      CudnnFindCalls.Places places =
          new CudnnFindCalls.Places(
              x.pointer(), w.pointer(), y.pointer(), workspace.pointer(), room);
      Choice best = fastest(direction, find.find(direction, d, places), limit);
      if (best != null && room == limit) { // otherwise a later run may have room for a faster one
        cache.put(problem, best.text());
      }
      return best;
    } catch (OutOfDeviceMemoryException | CudaException e) {
      LOG.warn("{} could not be measured: {}", problem, e.getMessage());
      return null;
    }
  }

  private DeviceMemory zeroed(Closing memory, Shape shape) {
    long bytes = CudaLayout.floats(shape).bytes();
    DeviceMemory block = memory.own(new DeviceMemory(context, bytes));
    block.zero();
    return block;
  }

  private Choice fastest(
      ConvDirection direction, List<CudnnFindCalls.Measured> measured, long limit) {
    CudnnFindCalls.Measured best = null;
    for (CudnnFindCalls.Measured entry : measured) {
      if (entry.status() == 0
          && entry.workspaceBytes() <= limit
          && isAllowed(direction, entry.algorithm(), entry.mathType())
          && (best == null || entry.millis() < best.millis())) {
        best = entry;
      }
    }
    return best == null ? null : new Choice(best.algorithm(), best.mathType());
  }
}
