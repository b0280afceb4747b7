package org.vgg4j.data.decoding;

import com.twelvemonkeys.imageio.metadata.Entry;
import com.twelvemonkeys.imageio.metadata.jpeg.JPEG;
import com.twelvemonkeys.imageio.metadata.jpeg.JPEGSegment;
import com.twelvemonkeys.imageio.metadata.jpeg.JPEGSegmentUtil;
import com.twelvemonkeys.imageio.metadata.tiff.TIFF;
import com.twelvemonkeys.imageio.metadata.tiff.TIFFReader;
import com.twelvemonkeys.imageio.stream.ByteArrayImageInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.util.List;
import javax.imageio.stream.ImageInputStream;

/** How the camera was held, as EXIF says: in JPEG, PNG, WebP and TIFF files. */
final class Orientation {
  private static final int UPRIGHT = 1;
  private static final long PNG = 0x89504E470D0A1A0AL;
  private static final int EXIF_CHUNK = 0x65584966; // eXIf
  private static final int END_CHUNK = 0x49454E44; // IEND
  private static final int MOST_BYTES = 1 << 24;

  private Orientation() {}

  /** Returns the orientation of a file, 1 to 8; 1, upright, when it says none or nonsense. */
  static int of(byte[] file) {
    try {
      return find(file, new ByteArrayImageInputStream(file));
    } catch (IOException | RuntimeException e) {
      return UPRIGHT; // EXIF that cannot be read says nothing; the picture may still be whole
    }
  }

  private static int find(byte[] file, ImageInputStream in) throws IOException {
    long start = in.readLong();
    in.seek(0);
    if (start >>> 40 == 0xFFD8FFL) {
      List<JPEGSegment> segments = JPEGSegmentUtil.readSegments(in, JPEG.APP1, "Exif");
      if (segments.isEmpty()) {
        return UPRIGHT;
      }
      try (InputStream data = segments.get(0).data()) {
        data.skipNBytes(1); // the second zero behind the name
        return tag(data.readAllBytes());
      }
    }
    if (start == PNG) {
      return tag(chunk(in));
    }
    if (WebpHeader.isWebp(file)) {
      return tag(WebpHeader.exif(file));
    }
    boolean tiff = start >>> 32 == 0x49492A00L || start >>> 32 == 0x4D4D002AL;
    return tiff ? tag(file) : UPRIGHT;
  }

  /** Returns the EXIF of a PNG file, null when it has none. */
  private static byte[] chunk(ImageInputStream in) throws IOException {
    in.seek(Long.BYTES);
    while (true) {
      long length = in.readUnsignedInt();
      int type = in.readInt();
      if (type == END_CHUNK) {
        return null;
      }
      if (type == EXIF_CHUNK && length <= MOST_BYTES) {
        byte[] exif = new byte[(int) length];
        in.readFully(exif);
        return exif;
      }
      in.seek(in.getStreamPosition() + length + Integer.BYTES); // and its checksum
    }
  }

  /** Returns the orientation in bytes of TIFF's structure, which EXIF's is; null says none. */
  private static int tag(byte[] exif) throws IOException {
    if (exif == null) {
      return UPRIGHT;
    }
    Entry entry =
        new TIFFReader()
            .read(new ByteArrayImageInputStream(exif))
            .getEntryById(TIFF.TAG_ORIENTATION);
    int value = entry != null && entry.getValue() instanceof Number number ? number.intValue() : 0;
    return value >= 1 && value <= 8 ? value : UPRIGHT;
  }
}
