package org.vgg4j.data.preprocessing;

/** When light and dark of a picture file are exchanged. The images of a data set never are. */
public enum Inversion {
  /** When the picture's border is light: its mean luma is above 127.5. */
  AUTO,
  /** Always. */
  ALWAYS,
  /** Never. */
  NEVER
}
