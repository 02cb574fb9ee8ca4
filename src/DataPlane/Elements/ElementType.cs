namespace OrleansInference.DataPlane.Elements;

/// <summary>How the elements of hidden rows travel.</summary>
public enum ElementType : byte
{
    /// <summary>IEEE single precision: exact.</summary>
    F32 = 0,
    /// <summary>
    /// IEEE half precision, rounded to nearest even, after one F32 scale per row: 1 where every element is within ±65,504, else the smallest
    /// power of two that makes them so. A row with an element that is infinite or no number is not scaled.
    /// </summary>
    F16 = 1,
    /// <summary>Signed bytes in −127 to 127 after one F32 scale per row.</summary>
    Q8 = 2,
}
