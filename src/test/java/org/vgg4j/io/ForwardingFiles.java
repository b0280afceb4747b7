package org.vgg4j.io;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.List;

/** Another file system under changed calls. */
public class ForwardingFiles implements FileOperations {
  private final FileOperations under;

  public ForwardingFiles(FileOperations under) {
    this.under = under;
  }

  /** Returns what stands for an open file. */
  protected FileHandle handle(Path file, FileHandle handle) {
    return handle;
  }

  @Override
  public FileHandle create(Path file) throws IOException {
    return handle(file, under.create(file));
  }

  @Override
  public FileHandle open(Path file) throws IOException {
    return handle(file, under.open(file));
  }

  @Override
  public void rename(Path from, Path to) throws IOException {
    under.rename(from, to);
  }

  @Override
  public void link(Path existing, Path name) throws IOException {
    under.link(existing, name);
  }

  @Override
  public void forceDirectory(Path directory) throws IOException {
    under.forceDirectory(directory);
  }

  @Override
  public void delete(Path file) throws IOException {
    under.delete(file);
  }

  @Override
  public List<Path> list(Path directory) throws IOException {
    return under.list(directory);
  }

  /** Another open file under changed calls. */
  public static class Handle implements FileHandle {
    private final FileHandle under;

    public Handle(FileHandle under) {
      this.under = under;
    }

    @Override
    public int read(ByteBuffer into, long position) throws IOException {
      return under.read(into, position);
    }

    @Override
    public int write(ByteBuffer from, long position) throws IOException {
      return under.write(from, position);
    }

    @Override
    public long size() throws IOException {
      return under.size();
    }

    @Override
    public void force() throws IOException {
      under.force();
    }

    @Override
    public void close() throws IOException {
      under.close();
    }
  }
}
