package org.vgg4j.backend.cuda.operations;

import org.vgg4j.backend.cuda.memory.WorkspaceRegions;

/** The place of a batch norm's numbers in inference, where no backward reads them. */
final class InferenceStatistics {
  private final WorkspaceRegions.Region mean; // (C), like all
  private final WorkspaceRegions.Region invStd;
  private final WorkspaceRegions.Region scale;
  private final WorkspaceRegions.Region shift;

  InferenceStatistics(WorkspaceRegions regions, int channels) {
    long bytes = (long) channels * Float.BYTES;
    mean = regions.region(bytes);
    invStd = regions.region(bytes);
    scale = regions.region(bytes);
    shift = regions.region(bytes);
  }

  void into(NormOperands operands) {
    operands.mean = mean.pointer();
    operands.invStd = invStd.pointer();
    operands.scale = scale.pointer();
    operands.shift = shift.pointer();
  }
}
