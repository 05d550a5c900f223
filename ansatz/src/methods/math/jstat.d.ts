declare module 'jstat' {
  interface Student {
    inv(p: number, df: number): number;
    cdf(x: number, df: number): number;
  }
  interface F {
    inv(p: number, df1: number, df2: number): number;
    cdf(x: number, df1: number, df2: number): number;
  }
  interface Normal {
    inv(p: number, mean: number, sd: number): number;
    cdf(x: number, mean: number, sd: number): number;
  }
  const jstat: { readonly studentt: Student; readonly normal: Normal; readonly centralF: F };
  export default jstat;
}
