package org.vgg4j.io;

import static java.nio.file.StandardOpenOption.CREATE_NEW;
import static java.nio.file.StandardOpenOption.READ;
import static java.nio.file.StandardOpenOption.WRITE;

import java.io.EOFException;
import java.io.File;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.List;
import java.util.stream.Stream;

/** The file system through {@code java.nio}. */
final class SystemFileOperations implements FileOperations {
  /** Windows cannot open a folder as a file and keeps its entries safe itself. */
  private static final boolean DIRECTORIES_CAN_BE_FORCED = File.separatorChar == '/';

  @Override
  public FileHandle create(Path file) throws IOException {
    return new Handle(FileChannel.open(file, CREATE_NEW, READ, WRITE));
  }

  @Override
  public FileHandle open(Path file) throws IOException {
    if (Files.isDirectory(file)) {
      throw new FileSystemException(file.toString(), null, "it is a folder");
    }
    return new Handle(FileChannel.open(file, READ));
  }

  @Override
  public void rename(Path from, Path to) throws IOException {
    Files.move(from, to, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
  }

  @Override
  public void link(Path existing, Path name) throws IOException {
    Files.createLink(name, existing);
  }

  @Override
  public void forceDirectory(Path directory) throws IOException {
    if (DIRECTORIES_CAN_BE_FORCED) {
      try (FileChannel channel = FileChannel.open(directory, READ)) {
        channel.force(true);
      }
    }
  }

  @Override
  public void delete(Path file) throws IOException {
    Files.deleteIfExists(file);
  }

  @Override
  public List<Path> list(Path directory) throws IOException {
    try (Stream<Path> entries = Files.list(directory)) {
      return entries.sorted().toList();
    }
  }

  private record Handle(FileChannel channel) implements FileHandle {
    @Override
    public int read(ByteBuffer into, long position) throws IOException {
      return channel.read(into, position);
    }

    /** {@inheritDoc} Windows would not let anyone replace a file that is mapped. */
    @Override
    public ByteBuffer map(long position, int bytes) throws IOException {
      if (File.separatorChar == '\\') {
        return FileHandle.super.map(position, bytes);
      }
      if (position + bytes > channel.size()) {
        throw new EOFException("the file ends at byte " + channel.size());
      }
      ByteBuffer part = channel.map(FileChannel.MapMode.READ_ONLY, position, bytes);
      return part.order(ByteOrder.LITTLE_ENDIAN);
    }

    @Override
    public int write(ByteBuffer from, long position) throws IOException {
      return channel.write(from, position);
    }

    @Override
    public long size() throws IOException {
      return channel.size();
    }

    @Override
    public void force() throws IOException {
      channel.force(true);
    }

    @Override
    public void close() throws IOException {
      channel.close();
    }
  }
}
