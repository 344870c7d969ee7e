// pictures.ts - where the picture of a candidate lies.
export { pictureAddress } from '../api/client';
