/** From picture files to pictures. */
package org.vgg4j.data.decoding;
