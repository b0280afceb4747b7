package org.vgg4j.backend.cuda.memory;

import org.bytedeco.javacpp.Pointer;
import org.vgg4j.tensor.Arena;
import org.vgg4j.tensor.Closing;

/** Divides a plan's share of the workspace into regions; nothing in them outlives one call. */
public final class WorkspaceRegions {
  private long bytes;
  private Workspace.Share share; // null until it is taken

  /** A region; its pointer is made once and not at every use. */
  public final class Region {
    private final long offset;
    private final boolean isEmpty;
    private Pointer base;
    private Pointer pointer;

    private Region(long offset, boolean isEmpty) {
      this.offset = offset;
      this.isEmpty = isEmpty;
    }

    /** Returns the address, null of an empty region. */
    public Pointer pointer() {
      if (isEmpty) {
        return null;
      }
      Pointer now = share.pointer();
      if (!now.equals(base)) {
        base = now;
        pointer = DeviceMemory.at(now, offset);
      }
      return pointer;
    }

    /** Returns the rest of this region from {@code distance} bytes on. */
    public Region from(long distance) {
      return new Region(offset + distance, isEmpty);
    }
  }

  /** Plans a region. */
  public Region region(long size) {
    Region region = new Region(bytes, size == 0);
    bytes += Arena.align(size);
    return region;
  }

  /** Takes the share once all regions are planned; {@code owner} gives it up. */
  public void take(Closing owner, Workspace workspace) {
    share = owner.own(workspace.share(bytes));
  }

  /** Returns the bytes of all regions. */
  public long bytes() {
    return bytes;
  }
}
