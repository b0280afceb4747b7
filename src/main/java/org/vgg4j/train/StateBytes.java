package org.vgg4j.train;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.vgg4j.tensor.LossTotals;

/** A training's position as bytes, to be sent to other ranks. */
final class StateBytes {
  private StateBytes() {}

  /** Writes a position and the net's counters. */
  static byte[] encode(TrainingState state, List<Long> counters) {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (DataOutputStream out = new DataOutputStream(bytes)) {
      out.writeLong(state.step());
      out.writeLong(state.passes());
      out.writeInt(state.epoch());
      out.writeInt(state.batch());
      out.writeInt(state.rollbacks());
      out.writeDouble(state.epochSeconds());
      out.writeDouble(state.waitSeconds());
      write(out, state.totals());
      out.writeInt(state.rankTotals().size());
      for (LossTotals totals : state.rankTotals()) {
        write(out, totals);
      }
      out.writeInt(state.finished().size());
      for (EpochMetrics metrics : state.finished()) {
        write(out, metrics);
      }
      for (long counter : counters) {
        out.writeLong(counter);
      }
    } catch (IOException e) {
      throw new IllegalStateException(e); // memory does not fail
    }
    return bytes.toByteArray();
  }

  /** Reads what {@link #encode} wrote; {@code counters} is overwritten. */
  static TrainingState decode(byte[] bytes, long[] counters) {
    try (DataInputStream in = new DataInputStream(new ByteArrayInputStream(bytes))) {
      long step = in.readLong();
      long passes = in.readLong();
      int epoch = in.readInt();
      int batch = in.readInt();
      int rollbacks = in.readInt();
      double epochSeconds = in.readDouble();
      double waitSeconds = in.readDouble();
      LossTotals totals = totals(in);
      List<LossTotals> parts = new ArrayList<>();
      for (int left = in.readInt(); left > 0; left--) {
        parts.add(totals(in));
      }
      List<EpochMetrics> finished = new ArrayList<>();
      for (int left = in.readInt(); left > 0; left--) {
        finished.add(metrics(in));
      }
      for (int i = 0; i < counters.length; i++) {
        counters[i] = in.readLong();
      }
      return new TrainingState(
          step,
          passes,
          epoch,
          batch,
          rollbacks,
          epochSeconds,
          waitSeconds,
          totals,
          parts,
          finished);
    } catch (IOException e) {
      throw new IllegalStateException("rank 0 sent a position that is cut off", e);
    }
  }

  private static void write(DataOutputStream out, LossTotals totals) throws IOException {
    out.writeDouble(totals.lossSum());
    out.writeLong(totals.correct());
    out.writeLong(totals.inTopFive());
    out.writeLong(totals.count());
    out.writeLong(totals.firstNonFiniteStep());
  }

  private static LossTotals totals(DataInputStream in) throws IOException {
    return new LossTotals(
        in.readDouble(), in.readLong(), in.readLong(), in.readLong(), in.readLong());
  }

  private static void write(DataOutputStream out, EpochMetrics metrics) throws IOException {
    out.writeInt(metrics.epoch());
    out.writeDouble(metrics.trainLoss());
    out.writeDouble(metrics.trainAccuracy());
    out.writeDouble(metrics.testAccuracy());
    writeOrNull(out, metrics.testTopFive());
    out.writeDouble(metrics.seconds());
    out.writeDouble(metrics.imagesPerSecond());
    writeOrNull(out, metrics.waitSeconds());
    writeOrNull(out, metrics.learningRate());
  }

  private static EpochMetrics metrics(DataInputStream in) throws IOException {
    return new EpochMetrics(
        in.readInt(),
        in.readDouble(),
        in.readDouble(),
        in.readDouble(),
        readOrNull(in),
        in.readDouble(),
        in.readDouble(),
        readOrNull(in),
        readOrNull(in));
  }

  private static void writeOrNull(DataOutputStream out, Double value) throws IOException {
    out.writeBoolean(value != null);
    if (value != null) {
      out.writeDouble(value);
    }
  }

  private static Double readOrNull(DataInputStream in) throws IOException {
    return in.readBoolean() ? (Double) in.readDouble() : null;
  }
}
