BeforeAll {
    Import-Module "$PSScriptRoot/../../out/ResizeLora/ResizeLora.psd1" -Force -ErrorAction Stop
}

Describe 'ResizeLora' {
    It 'has <_>' -ForEach 'Get-LoraSpectrum', 'New-ResizeRecipe', 'Resize-Lora' {
        (Get-Command $_ -Module ResizeLora).CommandType | Should -Be 'Cmdlet'
    }
}
