package org.vgg4j.io;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * Files in memory that know what a power cut may take: the bytes that were not forced and the names
 * that were not forced, each for itself and in any order. All folders are there. A file may have
 * several names, unless the file system is one without links.
 */
public final class MemoryFiles implements FileOperations {
  private record Write(int position, byte[] bytes) {}

  private static final class Contents {
    private byte[] bytes = new byte[0];
    private byte[] forced = new byte[0];
    private final List<Write> unforced = new ArrayList<>();

    static Contents of(byte[] bytes) {
      Contents contents = new Contents();
      contents.bytes = bytes.clone();
      contents.forced = bytes.clone();
      return contents;
    }

    static byte[] apply(byte[] bytes, Write write, int length) {
      int end = write.position() + length;
      byte[] result = end > bytes.length ? Arrays.copyOf(bytes, end) : bytes;
      System.arraycopy(write.bytes(), 0, result, write.position(), length);
      return result;
    }

    /** What is left: any part of what was not forced, applied in any order. */
    byte[] afterPowerCut(Random random) {
      byte[] left = forced.clone();
      List<Write> order = new ArrayList<>(unforced);
      Collections.shuffle(order, random);
      for (Write write : order) {
        int length = write.bytes().length;
        left = apply(left, write, random.nextBoolean() ? length : random.nextInt(length + 1));
      }
      return left;
    }
  }

  private final boolean links;
  private final Map<Path, Contents> names = new TreeMap<>();
  private final Map<Path, Contents> forcedNames = new TreeMap<>();

  /** Files of which one may have several names. */
  public MemoryFiles() {
    this(true);
  }

  /** Files that may have several names or, as on some file systems, may not. */
  public MemoryFiles(boolean links) {
    this.links = links;
  }

  /** Returns what a machine finds after it lost its power; {@code random} draws what is lost. */
  public synchronized MemoryFiles afterPowerCut(Random random) {
    MemoryFiles left = new MemoryFiles(links);
    IdentityHashMap<Contents, Contents> kept =
        new IdentityHashMap<>(); // a file of two names is lost for both
    Set<Path> all = new TreeSet<>(names.keySet());
    all.addAll(forcedNames.keySet());
    for (Path name : all) {
      Contents contents = (random.nextBoolean() ? names : forcedNames).get(name);
      if (contents != null) {
        left.put(
            name, kept.computeIfAbsent(contents, file -> Contents.of(file.afterPowerCut(random))));
      }
    }
    return left;
  }

  /** Returns a copy whose every byte and name is forced: what a killed process leaves behind. */
  public synchronized MemoryFiles copy() {
    MemoryFiles copy = new MemoryFiles(links);
    IdentityHashMap<Contents, Contents> copies = new IdentityHashMap<>();
    names.forEach(
        (name, contents) ->
            copy.put(name, copies.computeIfAbsent(contents, file -> Contents.of(file.bytes))));
    return copy;
  }

  /** Puts a file there, forced. */
  public synchronized void put(Path name, byte[] bytes) {
    put(name, Contents.of(bytes));
  }

  private void put(Path name, Contents contents) {
    names.put(name, contents);
    forcedNames.put(name, contents);
  }

  /** Returns a file's bytes, null when there is none. */
  public synchronized byte[] bytes(Path name) {
    Contents contents = names.get(name);
    return contents == null ? null : contents.bytes.clone();
  }

  @Override
  public synchronized FileHandle create(Path file) throws IOException {
    if (names.containsKey(file)) {
      throw new FileAlreadyExistsException(file.toString());
    }
    Contents contents = new Contents();
    names.put(file, contents);
    return new Handle(contents);
  }

  @Override
  public synchronized FileHandle open(Path file) throws IOException {
    return new Handle(present(file));
  }

  private Contents present(Path file) throws NoSuchFileException {
    if (!names.containsKey(file)) {
      throw new NoSuchFileException(file.toString());
    }
    return names.get(file);
  }

  @Override
  public synchronized void rename(Path from, Path to) throws IOException {
    names.put(to, present(from));
    names.remove(from);
  }

  @Override
  public synchronized void link(Path existing, Path name) throws IOException {
    if (!links) {
      throw new UnsupportedOperationException("no links here");
    }
    if (names.containsKey(name)) {
      throw new FileAlreadyExistsException(name.toString());
    }
    names.put(name, present(existing));
  }

  @Override
  public synchronized void forceDirectory(Path directory) {
    forcedNames.keySet().removeIf(name -> name.getParent().equals(directory));
    for (Path name : list(directory)) {
      forcedNames.put(name, names.get(name));
    }
  }

  @Override
  public synchronized void delete(Path file) {
    names.remove(file);
  }

  @Override
  public synchronized List<Path> list(Path directory) {
    return names.keySet().stream().filter(name -> name.getParent().equals(directory)).toList();
  }

  private final class Handle implements FileHandle {
    private final Contents contents;

    Handle(Contents contents) {
      this.contents = contents;
    }

    @Override
    public int read(ByteBuffer into, long position) {
      synchronized (MemoryFiles.this) {
        int count = Math.min(into.remaining(), contents.bytes.length - (int) position);
        if (count <= 0) {
          return -1;
        }
        into.put(contents.bytes, (int) position, count);
        return count;
      }
    }

    @Override
    public int write(ByteBuffer from, long position) {
      synchronized (MemoryFiles.this) {
        byte[] bytes = new byte[from.remaining()];
        from.get(bytes);
        Write write = new Write((int) position, bytes);
        contents.unforced.add(write);
        contents.bytes = Contents.apply(contents.bytes.clone(), write, bytes.length);
        return bytes.length;
      }
    }

    @Override
    public long size() {
      synchronized (MemoryFiles.this) {
        return contents.bytes.length;
      }
    }

    @Override
    public void force() {
      synchronized (MemoryFiles.this) {
        contents.forced = contents.bytes.clone();
        contents.unforced.clear();
      }
    }

    @Override
    public void close() {
      // Nothing is held open.
    }
  }
}
