package org.vgg4j.io;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.List;

/** The machine's file system, whose reads and writes move at most three bytes at a time. */
final class PartialFiles implements FileOperations {
  @Override
  public FileHandle create(Path file) throws IOException {
    return new Handle(SYSTEM.create(file));
  }

  @Override
  public FileHandle open(Path file) throws IOException {
    return new Handle(SYSTEM.open(file));
  }

  @Override
  public void rename(Path from, Path to) throws IOException {
    SYSTEM.rename(from, to);
  }

  @Override
  public void forceDirectory(Path directory) throws IOException {
    SYSTEM.forceDirectory(directory);
  }

  @Override
  public void delete(Path file) throws IOException {
    SYSTEM.delete(file);
  }

  @Override
  public List<Path> list(Path directory) throws IOException {
    return SYSTEM.list(directory);
  }

  private record Handle(FileHandle file) implements FileHandle {
    @Override
    public int read(ByteBuffer into, long position) throws IOException {
      int limit = into.limit();
      into.limit(Math.min(limit, into.position() + 3));
      int count = file.read(into, position);
      into.limit(limit);
      return count;
    }

    @Override
    public int write(ByteBuffer from, long position) throws IOException {
      int limit = from.limit();
      from.limit(Math.min(limit, from.position() + 3));
      int count = file.write(from, position);
      from.limit(limit);
      return count;
    }

    @Override
    public long size() throws IOException {
      return file.size();
    }

    @Override
    public void force() throws IOException {
      file.force();
    }

    @Override
    public void close() throws IOException {
      file.close();
    }
  }
}
