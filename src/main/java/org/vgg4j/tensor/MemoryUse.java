package org.vgg4j.tensor;

import java.util.Comparator;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * What an engine holds memory for, at one moment.
 *
 * @param device the memory of tensors, in all
 * @param pinned pinned host memory, in all; nothing on engines without
 * @param owners what each owner holds and held, most bytes first
 * @param live every allocation that is not closed, in the order in which they were made
 */
public record MemoryUse(Total device, Total pinned, List<Owner> owners, List<Allocation> live) {
  /** Nothing was ever taken. */
  public static final MemoryUse NONE =
      new MemoryUse(new Total(0, 0), new Total(0, 0), List.of(), List.of());

  /** Copies the lists. */
  public MemoryUse {
    owners = List.copyOf(owners);
    live = List.copyOf(live);
  }

  /**
   * Bytes of one kind of memory.
   *
   * @param bytes held now
   * @param peakBytes the most that was held at once
   */
  public record Total(long bytes, long peakBytes) {}

  /**
   * What is held under one name.
   *
   * @param name one of {@link MemoryOwner}, or another that {@link Backend#allocate(long, String)}
   *     was given
   * @param bytes held now
   * @param peakBytes the most that was held at once; the peaks of several owners may belong to
   *     different moments
   * @param allocations how many it holds now
   */
  public record Owner(
      String name, MemorySpace space, long bytes, long peakBytes, int allocations) {}

  /**
   * One allocation.
   *
   * @param place the Java lines that made it, innermost first; null unless they are traced
   */
  public record Allocation(String owner, MemorySpace space, long bytes, String place) {
    /** Returns one line for a person. */
    public String line() {
      String line = "%s, %d bytes of %s".formatted(owner, bytes, space.text());
      return place == null ? line : line + ", taken at " + place;
    }
  }

  /** Returns the bytes that an owner holds of a kind of memory now, 0 when it is not known. */
  public long bytes(String owner, MemorySpace space) {
    return owners.stream()
        .filter(one -> one.name().equals(owner) && one.space() == space)
        .mapToLong(Owner::bytes)
        .sum();
  }

  /**
   * Returns what holds most device memory now, for a message: the sum and up to {@code count}
   * owners. Empty when nothing is held.
   */
  public String largest(int count) {
    return device.bytes == 0
        ? ""
        : size(device.bytes)
            + ": "
            + owners.stream()
                .filter(owner -> owner.space == MemorySpace.DEVICE && owner.bytes > 0)
                .limit(count)
                .map(owner -> owner.name + " " + size(owner.bytes))
                .collect(Collectors.joining(", "));
  }

  /**
   * Returns the most that was held at once, for a person, and up to {@code count} owners with most
   * device memory at their own peak.
   */
  public String peakLine(int count) {
    return "%s%s (%s)"
        .formatted(
            size(device.peakBytes),
            pinned.peakBytes == 0 ? "" : " and " + size(pinned.peakBytes) + " pinned on the host",
            peaks(owners.stream().filter(owner -> owner.space == MemorySpace.DEVICE), count));
  }

  /** Returns every owner's own peak, largest first. */
  public String peaks() {
    return peaks(owners.stream(), owners.size());
  }

  private static String peaks(Stream<Owner> owners, int count) {
    return owners
        .filter(owner -> owner.peakBytes > 0)
        .sorted(Comparator.comparingLong(Owner::peakBytes).reversed())
        .limit(count)
        .map(
            owner ->
                owner.name
                    + (owner.space == MemorySpace.PINNED ? " (pinned) " : " ")
                    + size(owner.peakBytes))
        .collect(Collectors.joining(", "));
  }

  /** Returns a size for a person, rounded up: 12 MiB, below that 3 KiB. */
  private static String size(long bytes) {
    long kibibytes = (bytes + 1023) >> 10;
    return kibibytes < 1024 ? kibibytes + " KiB" : ((kibibytes + 1023) >> 10) + " MiB";
  }
}
