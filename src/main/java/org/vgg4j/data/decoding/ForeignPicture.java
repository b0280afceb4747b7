package org.vgg4j.data.decoding;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Kinds of files that are not read, and the command that makes a PNG of each. */
final class ForeignPicture {
  private static final int START_BYTES = 256;
  private static final Pattern PLACES = Pattern.compile("\\b(IN|OUT)\\b");

  /**
   * A kind.
   *
   * @param start matches the first bytes, each taken as one character
   * @param name with its article
   * @param advice what to do; IN and OUT stand for the file and the PNG
   */
  private record Kind(Pattern start, String name, String advice) {
    static Kind of(String start, String name, String advice) {
      Pattern pattern = Pattern.compile(start, Pattern.DOTALL | Pattern.CASE_INSENSITIVE);
      return new Kind(pattern, name, advice);
    }
  }

  private static final String MAGICK = "convert it: magick IN OUT.png";

  private static final List<Kind> KINDS =
      List.of(
          Kind.of("RIFF....WEBP", "a WebP picture", "convert it: dwebp IN -o OUT.png"),
          Kind.of("....ftypavi[fs]", "an AVIF picture", "convert it: avifdec IN OUT.png"),
          Kind.of(
              "....ftyp(hei|hev|mif1|msf1)",
              "a HEIC picture",
              "convert it: heif-convert IN OUT.png"),
          Kind.of("\u00ff\n|\0\0\0\fJXL ", "a JPEG XL picture", "convert it: djxl IN OUT.png"),
          Kind.of(
              "\0\0\0\fjP  |\u00ffO\u00ffQ",
              "a JPEG 2000 picture",
              "convert it: opj_decompress -i IN -o OUT.png"),
          Kind.of("P[1-7]\\s", "a picture of the PNM family", MAGICK),
          Kind.of("8BPS", "a Photoshop file", MAGICK),
          Kind.of("\0\0[\1\2]\0", "an icon", MAGICK),
          Kind.of("v/1\1", "an OpenEXR picture", MAGICK),
          Kind.of("%PDF", "a PDF document", "convert it: pdftoppm -png -singlefile IN OUT"),
          Kind.of(
              "\\s*(<\\?xml.*)?<svg", "an SVG drawing", "convert it: rsvg-convert IN -o OUT.png"),
          Kind.of("\u001f\u008b", "a gzip archive", "unpack it: gunzip IN"),
          Kind.of(
              "\\s*<(!doctype html|html|head)",
              "a web page, not a picture",
              "download the file that the page shows"),
          Kind.of(
              "version https://git-lfs",
              "a Git LFS pointer, not the picture",
              "get it: git lfs pull"));

  private ForeignPicture() {}

  /** Returns what a file is and what to do about it, null when it is of no kind known here. */
  static String hint(Path file) throws IOException {
    String start;
    try (InputStream in = Files.newInputStream(file)) {
      start = new String(in.readNBytes(START_BYTES), StandardCharsets.ISO_8859_1);
    }
    for (Kind kind : KINDS) {
      if (kind.start.matcher(start).lookingAt()) {
        String name = file.toString();
        String stem = name.replaceFirst("(?<=[^/.])\\.[^./]*$", "");
        return kind.name
            + ", which is not read; "
            + PLACES
                .matcher(kind.advice)
                .replaceAll(
                    place ->
                        Matcher.quoteReplacement(quoted(place.group().equals("IN") ? name : stem)));
      }
    }
    return null;
  }

  private static String quoted(String name) {
    return name.matches("[\\w./+:@%-]+") ? name : "'" + name.replace("'", "'\\''") + "'";
  }
}
