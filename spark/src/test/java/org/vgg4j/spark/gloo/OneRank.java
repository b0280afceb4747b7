package org.vgg4j.spark.gloo;

import java.io.IOException;
import java.net.InetAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.bytedeco.javacpp.DoublePointer;
import org.bytedeco.javacpp.FloatPointer;
import org.bytedeco.javacpp.Pointer;
import org.vgg4j.collective.PeerLostException;
import org.vgg4j.collective.Reduction;
import org.vgg4j.tensor.Arena;
import org.vgg4j.tensor.DType;
import org.vgg4j.tensor.Elements;
import org.vgg4j.tensor.Layout;
import org.vgg4j.tensor.Tensor;

/** One rank of a test, in a process of its own: {@code RANK WORLD FILE WHAT [ADDRESS]}. */
final class OneRank {
  static final int LOST = 3;

  private OneRank() {}

  public static void main(String[] arguments) throws Exception {
    int rank = Integer.parseInt(arguments[0]);
    int world = Integer.parseInt(arguments[1]);
    Path file = Path.of(arguments[2]);
    InetAddress address =
        arguments.length > 4
            ? InetAddress.getByName(arguments[4])
            : InetAddress.getLoopbackAddress();
    try (GlooCollective all = open(rank, world, file, address)) {
      switch (arguments[3]) {
        case "sums" -> sums(all);
        case "flat" -> flat(all);
        case "endless" -> endless(all);
        case "slab" -> slab(all);
        default -> throw new IllegalArgumentException(arguments[3]);
      }
    } catch (PeerLostException e) {
      System.out.println("lost: " + e.getMessage());
      System.exit(LOST);
    }
  }

  private static GlooCollective open(int rank, int world, Path file, InetAddress address)
      throws IOException, InterruptedException {
    if (rank > 0) {
      while (!Files.exists(file)) {
        Thread.sleep(10);
      }
      return GlooCollective.join(Meeting.parse(Files.readString(file)), rank, world, address);
    }
    try (Door door = new Door(address)) {
      Path part = Files.writeString(Path.of(file + ".part"), door.meeting().text());
      Files.move(part, file, StandardCopyOption.ATOMIC_MOVE);
      return GlooCollective.host(door, world, address, Duration.ofSeconds(60));
    }
  }

  /** The value that a rank gives. */
  static float given(int rank, int i) {
    return (float) Math.sin(i * 0.37 + rank * 1.7 + 1);
  }

  /** Prints a line for each thing; ranks and runs must print the same. */
  private static void sums(GlooCollective all) {
    int count = 100_003;
    try (Memory f32 = new Memory(DType.F32, count);
        Memory f64 = new Memory(DType.F64, count)) {
      float[] floats = new float[count];
      double[] doubles = new double[count];
      double[] heap = new double[count];
      for (int i = 0; i < count; i++) {
        floats[i] = given(all.rank(), i);
        doubles[i] = floats[i];
        heap[i] = floats[i];
      }
      ((FloatPointer) f32.pointer).put(floats);
      ((DoublePointer) f64.pointer).put(doubles);
      Arena onHeap = new Memory(heap);
      Reduction[] works = {
        all.begin(f32, DType.F32, 60_000, 40_003),
        all.begin(f32, DType.F32, 5, 59_995),
        all.begin(f64, DType.F64, 0, count),
        all.begin(onHeap, DType.F32, 7, 1000),
        all.begin(onHeap, DType.F32, 2000, 1),
      };
      for (int i = works.length - 1; i >= 0; i--) { // in another order
        works[i].await();
      }
      ((FloatPointer) f32.pointer).get(floats);
      ((DoublePointer) f64.pointer).get(doubles);
      for (int i = 0; i < count; i++) {
        double expected = 0;
        double size = 0;
        for (int rank = 0; rank < all.world(); rank++) {
          expected += given(rank, i);
          size += Math.abs(given(rank, i));
        }
        double own = given(all.rank(), i);
        check("f32", i, floats[i], i < 5 ? own : expected, size * all.world() * 0x1p-24);
        check("f64", i, doubles[i], expected, size * all.world() * 0x1p-53);
        boolean isSummed = (i >= 7 && i < 1007) || i == 2000;
        check("heap", i, heap[i], isSummed ? expected : own, size * all.world() * 0x1p-53);
      }
      Arrays.fill(floats, 0, 5, 0);
      System.out.printf("%x %x%n", Arrays.hashCode(floats), Arrays.hashCode(doubles));
      ((FloatPointer) f32.pointer).put(0, all.rank());
      all.broadcast(f32, DType.F32, 0, 1);
      check("broadcast", 0, ((FloatPointer) f32.pointer).get(0), 0, 0);
      double[] three = {given(all.rank(), 1), all.rank(), 1};
      all.sum(three);
      System.out.println(Arrays.toString(three));
      System.out.println(
          new String(
              all.broadcast(new byte[] {(byte) ('a' + all.rank())}), StandardCharsets.UTF_8));
      for (byte[] one : all.gather(new byte[] {(byte) ('a' + all.rank())})) {
        System.out.println(new String(one, StandardCharsets.UTF_8));
      }
      System.out.println(all.gather(new byte[all.rank()])[all.world() - 1].length);
    }
  }

  private static void check(String what, int i, double actual, double expected, double tolerance) {
    if (!(Math.abs(actual - expected) <= tolerance)) {
      throw new AssertionError(what + " " + i + ": " + actual + " is not " + expected);
    }
  }

  /** Prints by how many KiB the process grew over the last 1,500 of 2,000 sums. */
  private static void flat(GlooCollective all) throws IOException {
    try (Memory slab = new Memory(DType.F32, 50_000)) {
      Arena heap = new Memory(new double[50_000]);
      long before = 0;
      for (int i = 0; i < 2000; i++) {
        if (i == 500) {
          before = resident();
        }
        Reduction first = all.begin(slab, DType.F32, 0, 25_000);
        Reduction second = all.begin(slab, DType.F32, 25_000, 25_000);
        Reduction third = all.begin(heap, DType.F64, 0, 50_000);
        third.await();
        second.await();
        first.await();
        all.sum(new double[3]);
      }
      System.out.println("grew by " + (resident() - before));
    }
  }

  private static long resident() throws IOException {
    System.gc();
    for (String line : Files.readAllLines(Path.of("/proc/self/status"))) {
      if (line.startsWith("VmRSS:")) {
        return Long.parseLong(line.replaceAll("\\D", ""));
      }
    }
    throw new IOException("no VmRSS");
  }

  /** Adds until a rank is lost. */
  private static void endless(GlooCollective all) {
    try (Memory slab = new Memory(DType.F32, 1_000_000)) {
      for (int i = 0; ; i++) {
        try {
          Reduction[] works = {
            all.begin(slab, DType.F32, 500_000, 500_000), all.begin(slab, DType.F32, 0, 500_000)
          };
          works[0].await();
          works[1].await();
          all.sum(new double[1]);
        } catch (PeerLostException e) {
          all.close(); // before the memory is freed
          throw e;
        }
        System.out.println("step " + i);
      }
    }
  }

  /** Prints how long VGG16's gradients take, in buckets of 25 MB: for benchmarks/distributed. */
  private static void slab(GlooCollective all) {
    int count = 138_357_544;
    int bucket = 25 << 18;
    try (Memory slab = new Memory(DType.F32, count)) {
      long[] nanos = new long[6];
      for (int turn = 0; turn < nanos.length; turn++) {
        all.sum(new double[1]);
        long begin = System.nanoTime();
        List<Reduction> works = new ArrayList<>();
        for (int from = 0; from < count; from += bucket) {
          works.add(all.begin(slab, DType.F32, from, Math.min(bucket, count - from)));
        }
        works.forEach(Reduction::await);
        nanos[turn] = System.nanoTime() - begin;
      }
      long[] warm = Arrays.copyOfRange(nanos, 1, nanos.length);
      Arrays.sort(warm);
      double seconds = warm[warm.length / 2] / 1e9;
      System.out.printf("median %.0f ms, %.2f GB/s%n", seconds * 1e3, count * 4e-9 / seconds);
    }
  }

  /** Memory such as an engine's. */
  static final class Memory implements Arena {
    final Pointer pointer;
    private final Elements elements;

    Memory(DType type, int count) {
      pointer = type == DType.F32 ? new FloatPointer(count) : new DoublePointer(count);
      Pointer.memset(pointer, 0, (long) count * pointer.sizeof());
      elements = new Elements.Host(pointer.address(), (long) count * pointer.sizeof());
    }

    Memory(double[] values) {
      pointer = null;
      elements = new Elements.Heap(values);
    }

    @Override
    public Elements elements() {
      return elements;
    }

    @Override
    public long bytes() {
      throw new UnsupportedOperationException();
    }

    @Override
    public Tensor tensor(long offsetBytes, Layout layout) {
      throw new UnsupportedOperationException();
    }

    @Override
    public void zero() {
      throw new UnsupportedOperationException();
    }

    @Override
    public void close() {
      pointer.close();
    }
  }
}
